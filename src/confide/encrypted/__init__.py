"""Computing on sealed data: scores of a model, sums over sites; nobody shows what is theirs."""
