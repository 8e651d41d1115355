"""Networks that turn a picture into feature maps, and pictures as arrays and tensors."""
