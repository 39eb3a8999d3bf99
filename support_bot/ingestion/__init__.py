"""From a file to chunks; nothing here is stored."""
