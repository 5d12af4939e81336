"""Images: arrays, files and folders to arrays (n, channels, h, w), and their encoder."""
