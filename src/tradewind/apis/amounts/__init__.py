"""What published systems whose orders and invoices are an amount have in common, whatever their HTTP looks
like: an order is one unnamed priced line, an invoice has an integer number.
"""
