"""Many images at once: where they are, the layers that they share, and the workers that read them."""
