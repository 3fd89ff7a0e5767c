"""What every modelled system is made of."""
