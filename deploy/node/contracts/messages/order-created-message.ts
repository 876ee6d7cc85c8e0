// Written by `python -m tradewind.operations.typescript`; a test compares.

export interface Customer {
  id: string;
}

export interface OrderCreatedMessage {
  orderId: string;
  amount: number;
  customer: Customer;
}

export const ORDER_CREATED = 'orders.created' as const;
