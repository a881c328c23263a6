"""What is predicted and how it is judged: one file per task."""
