"""What may be taught: each check looks at one record and names what is wrong with it."""
