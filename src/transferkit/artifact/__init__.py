"""What is kept: saved predictors, the run journal, the report, the model card."""
