"""From a teacher to a smaller student, stage by stage over files; the only home of PyTorch."""
