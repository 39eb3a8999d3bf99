"""What the product does: one public method is one user action."""
