"""What customers and staff can say and tap, one module for each conversation."""
