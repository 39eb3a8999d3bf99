"""The Gradio pages for customers and staff; they call services and nothing else."""
