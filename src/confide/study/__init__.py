"""Where features meet: the study file, the run, the gates, the dossier."""
