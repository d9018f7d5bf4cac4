-- What the provider has given back is a fact and is written down as it is. Only what the shop decides
-- to give back is held against what was paid: a payment that was noted with another amount than the
-- provider tells later must not keep its refund out of the books.

drop trigger refunds_within_payment on refunds;
