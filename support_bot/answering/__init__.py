"""From a question and its history to answer events; it never touches the database."""
