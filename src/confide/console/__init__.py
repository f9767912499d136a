"""The web view of a review, on this machine only. Holds no logic: `confide.study` decides."""
