"""What the shop does: one slice per service. A slice knows the contracts of the others, never their
insides.
"""
