"""Single steps of image pipelines: one folder a stage, one file an idea."""
