"""From the bytes of an archive to an Image: outer tar, compression, metadata, and the walk over each layer."""
