"""Where the features meet: read a study file, walk its steps, judge the gates, write the dossier."""
