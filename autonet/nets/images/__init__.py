"""Networks for images: convolutional families, and networks of tables on pixels."""
