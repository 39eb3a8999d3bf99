"""Everything that runs weights; it knows prompts and numbers, never customers or documents."""
