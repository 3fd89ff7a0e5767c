"""What all figures share: how they look, their axes, what is read off them, how they are saved."""
