"""Tasks that hospitals train for: entities in notes, a graph of them, a diagnosis from text."""
