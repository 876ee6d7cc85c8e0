"""Orders and invoices as two NestJS services behind Kong publish them: `orders` and `invoices` are the HTTP
servers of the two.
"""
