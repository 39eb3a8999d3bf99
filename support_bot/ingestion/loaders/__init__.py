"""One loader per kind of file; each yields Markdown and what the file says of itself."""
