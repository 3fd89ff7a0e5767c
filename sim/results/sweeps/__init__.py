"""What a user holds of a sweep, and what that is made of."""
