"""Fills the shop with believable rows, on the server: no row passes through Python.

The same number of rows always gives the same rows, down to the last digit of a price.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymysql.connections import Connection

CHUNK = 50_000
"""Numbers per INSERT … SELECT: bounds the size of a transaction."""

CATEGORIES, TAGS, COUPONS = 24, 20, 40

# Each statement is run for the numbers `i` of a chunk. `crc` gives every number a fixed,
# scattered companion; a word in it keeps the columns independent of each other.
_ORDER_ID = "LOWER(CONCAT('cm', LPAD(CONV({}, 10, 36), 7, '0'), LEFT(SHA2({}, 256), 16)))"
_ORDER_PREFIX = "LOWER(CONCAT('cm', LPAD(CONV({}, 10, 36), 7, '0')))"
# Every 25th customer shares the telephone of the one before, written another way: what a
# unique index over the digits trips over.
_HOUSEHOLD = "IF(i % 25 = 0, i - 1, i)"
_PHONE = f"""CONCAT_WS(IF(i % 25 = 0, '-', ' '), '+49', 30 + CRC32(CONCAT('area', {_HOUSEHOLD})) % 60,
    LPAD({_HOUSEHOLD} * 7919 % 100000000, 8, '0'))"""

_CUSTOMERS = f"""
INSERT INTO `Customer` (id, email, name, phone, locale, preferences, marketing, createdAt, updatedAt)
SELECT i, CONCAT('customer', i, '@example.com'),
    CONCAT(ELT(1 + CRC32(CONCAT('first', i)) % 12, 'Anna', 'José', 'Zoë', '小明', 'Łukasz', 'Дмитрий',
        'Søren', 'İpek', 'Björk', '結衣', 'Siobhán', 'Nguyễn'), ' ',
        ELT(1 + CRC32(CONCAT('last', i)) % 11, 'Müller', 'O''Brien', 'García', '王', 'Kowalski', 'Иванова',
        'Ångström', 'Yılmaz', 'Smith', '佐藤', 'Dvořák')),
    IF(i % 9 = 0, NULL, {_PHONE}),
    ELT(1 + i % 5, 'en', 'de', 'zh-CN', 'pl', 'tr'),
    JSON_OBJECT('newsletter', IF(i % 3 = 0, 'weekly', 'never'), 'theme', ELT(1 + i % 2, 'dark', 'light'),
        'favourites', JSON_ARRAY(i % 7, i % 11), 'note', IF(i % 50 = 0, 'likes "quotes" & 🎁', NULL)),
    i % 3 = 0, {{time}}, {{time}}
FROM n"""

_ADDRESSES = """
INSERT INTO `Address` (id, customerId, line1, line2, city, postcode, country)
SELECT i, IF(i > {customers}, (i - {customers}) * 10, i),
    CONCAT(1 + i % 180, ' ', ELT(1 + i % 6, 'Rue de l’Église', 'Hauptstraße', '南京路', 'High Street',
        'ul. Świętokrzyska', 'İstiklal Cad.')),
    IF(i % 8 = 0, CONCAT('c/o ', i), NULL),
    ELT(1 + i % 6, 'Genève', 'Köln', '上海', 'Leeds', 'Łódź', 'İstanbul'), LPAD(i % 99999, 5, '0'),
    ELT(1 + i % 6, 'CH', 'DE', 'CN', 'GB', 'PL', 'TR')
FROM n"""

_CATEGORY = """
INSERT INTO `Category` (id, slug, title, parentId)
SELECT i, CONCAT('category-', i), CONCAT(ELT(1 + i % 4, 'Küche', 'Garten', '茶', 'Books'), ' ', i),
    IF(i <= 6, NULL, 1 + i % 6)
FROM n"""

_PRICE = "(3 + CRC32(CONCAT('price', {})) % 49700 / 100)"

_PRODUCTS = f"""
INSERT INTO `Product` (id, sku, title, description, price, weight, status, attributes, thumbhash, categoryId,
    createdAt, updatedAt)
SELECT i, CONCAT('SKU-', LPAD(i, 8, '0')),
    CONCAT(ELT(1 + i % 5, 'Teekanne', 'Lampe', '茶杯', 'Café mug', 'Koszyk'), ' № ', i),
    REPEAT(CONCAT('Made with care, number ', i, '. '), 3 + i % 6), {_PRICE.format("i")},
    IF(i % 10 = 0, NULL, CRC32(CONCAT('weight', i)) % 9000 / 700),
    ELT(1 + (i % 20 > 1) + (i % 20 = 19), 'DRAFT', 'ACTIVE', 'DISCONTINUED'),
    IF(i % 6 = 0, NULL, JSON_OBJECT('colour', ELT(1 + i % 3, 'rot', 'blå', '青'), 'size',
        JSON_OBJECT('w', i % 40, 'h', i % 25))),
    IF(i % 4 = 0, NULL, UNHEX(LEFT(SHA2(i, 256), 40))), 1 + i % {CATEGORIES}, {{time}}, {{time}}
FROM n"""

_PRODUCT_TAGS = f"INSERT INTO `_ProductToTag` (A, B) SELECT i, 1 + (i + k * 7) % {TAGS} FROM n, (VALUES ROW(0), ROW(1)) AS tag (k)"

_COUPONS = """
INSERT INTO `Coupon` (id, code, percent, expiresAt)
SELECT CONCAT('cc', LEFT(SHA2(i, 256), 23)), CONCAT('SAVE', i), 2.5 + i % 4 * 5,
    IF(i % 3 = 0, NULL, '2026-12-31 23:59:59.999')
FROM n"""

# Neighbouring lines of an order are 17 products apart, so no order has a product twice.
_ITEMS = f"""
INSERT INTO order_items (id, order_id, product_id, quantity, unit_price)
SELECT id, order_id, product_id, quantity, {_PRICE.format("product_id")}
FROM (
    SELECT i * 3 - 3 + k AS id, {_ORDER_ID.format("i", "i")} AS order_id,
        1 + (CRC32(CONCAT('product', i)) + k * 17) % {{products}} AS product_id,
        1 + CRC32(CONCAT('quantity', i, '/', k)) % 4 AS quantity
    FROM n, (VALUES ROW(1), ROW(2), ROW(3)) AS line (k)
    WHERE k <= 1 + CRC32(CONCAT('lines', i)) % 3
) AS item
ORDER BY id"""

_ORDERS = f"""
INSERT INTO orders (id, customer_id, address_id, coupon_id, status, currency, total, placed_at, updated_at)
SELECT {_ORDER_ID.format("i", "i")}, 1 + CRC32(CONCAT('customer', i)) % {{customers}},
    1 + CRC32(CONCAT('customer', i)) % {{customers}}, `Coupon`.id,
    IF(i > {{orders}} * 0.97, 'PENDING', IF(i > {{orders}} * 0.95, 'PAID', IF(i > {{orders}} * 0.92, 'SHIPPED',
        IF(i % 17 = 0, 'CANCELLED', 'DELIVERED')))),
    IF(i % 7 = 0, 'CNY', 'EUR'), ROUND(item.total * (1 - COALESCE(percent, 0) / 100), 2), {{time}}, {{time}}
FROM (
    SELECT (id + 2) DIV 3 AS i, SUM(quantity * unit_price) AS total FROM order_items
    WHERE id BETWEEN {{first}} * 3 - 2 AND {{last}} * 3
    GROUP BY i
) AS item
LEFT JOIN `Coupon` ON i % 12 = 0 AND `Coupon`.code = CONCAT('SAVE', 1 + i % {COUPONS})
ORDER BY i"""

_PAYMENTS = f"""
INSERT INTO `Payment` (id, orderId, method, status, amount, provider, capturedAt)
SELECT CONCAT('cp', SUBSTRING(id, 3)), id,
    ELT(1 + CRC32(id) % 4, 'CARD', 'ALIPAY', 'WECHAT_PAY', 'BANK_TRANSFER'),
    IF(status = 'CANCELLED', 'REFUNDED', 'CAPTURED'), total,
    JSON_OBJECT('reference', UPPER(LEFT(SHA2(id, 256), 12)), 'attempts', 1 + CRC32(id) % 3, 'ok', TRUE),
    placed_at + INTERVAL CRC32(id) % 86400 SECOND
FROM orders
WHERE status <> 'PENDING'
    AND id >= {_ORDER_PREFIX.format("{first}")} AND id < {_ORDER_PREFIX.format("{last} + 1")}"""

_REVIEWS = """
INSERT INTO `Review` (id, productId, customerId, rating, title, body, createdAt)
SELECT i, 1 + CRC32(CONCAT('reviewed', i)) % {products}, 1 + CRC32(CONCAT('reviewer', i)) % {customers},
    1 + CRC32(CONCAT('rating', i)) % 5,
    ELT(1 + i % 5, 'Wunderbar', '很好 👍', 'Not bad', 'Świetne', 'Fena değil'),
    IF(i % 4 = 0, NULL, CONCAT('Bought it twice.\\n', REPEAT('Très bien! ', 1 + i % 15))), {time}
FROM n"""

_AUDIT = """
INSERT INTO audit_events (id, actor, action, subject, payload, occurred_at)
SELECT i, CONCAT('staff-', i % 40), ELT(1 + i % 4, 'login', 'price.change', 'order.refund', 'product.edit'),
    CONCAT('Product/', 1 + i % {products}), IF(i % 5 = 0, NULL, JSON_OBJECT('ip', CONCAT('10.0.', i % 256, '.1'))),
    {time} + INTERVAL i % 1000000 MICROSECOND
FROM n"""


def seed(connection: Connection, rows: int = 200_000) -> dict[str, int]:
    """Fill an empty shop with at least `rows` rows; returns the number in each table.

    Works once the migrations up to audit_events are applied, with or without the later ones.
    Foreign keys hold by construction; the server is not asked to check them row by row.
    """
    plan = _Plan(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT @@SESSION.foreign_key_checks, @@SESSION.unique_checks, @@SESSION.cte_max_recursion_depth"
        )
        before = cursor.fetchone()
        cursor.execute(
            f"SET SESSION foreign_key_checks = 0, unique_checks = 0, cte_max_recursion_depth = {CHUNK}"
        )
        try:
            made = {
                table: sum(cursor.execute(sql) for sql in plan.statements(template, count))
                for table, template, count in plan.tables()
            }
            rest = max(100, rows - sum(made.values()))
            made["audit_events"] = sum(cursor.execute(sql) for sql in plan.statements(_AUDIT, rest))
        finally:
            cursor.execute(
                "SET SESSION foreign_key_checks = %s, unique_checks = %s, cte_max_recursion_depth = %s",
                before,
            )
    return made


class _Plan:
    """How many rows go where, and the statements that make them."""

    def __init__(self, rows: int) -> None:
        self.customers = max(50, rows * 6 // 100)
        self.products = max(60, min(rows // 100, 50_000))
        self.orders = max(50, rows * 12 // 100)
        self.reviews = max(20, rows * 5 // 100)

    def tables(self) -> list[tuple[str, str, int]]:
        """Table, its template, and up to which number `i` the template runs."""
        return [
            ("Customer", _CUSTOMERS, self.customers),
            ("Address", _ADDRESSES, self.customers + self.customers // 10),
            ("Category", _CATEGORY, CATEGORIES),
            ("Tag", "INSERT INTO `Tag` (id, name) SELECT i, CONCAT('tag-', i) FROM n", TAGS),
            ("Product", _PRODUCTS, self.products),
            ("_ProductToTag", _PRODUCT_TAGS, self.products),
            ("Coupon", _COUPONS, COUPONS),
            ("order_items", _ITEMS, self.orders),
            ("orders", _ORDERS, self.orders),
            ("Payment", _PAYMENTS, self.orders),
            ("Review", _REVIEWS, self.reviews),
        ]

    def statements(self, template: str, count: int) -> Iterator[str]:
        # 500 days of trade, whatever the number of rows.
        time = f"TIMESTAMP('2025-01-01') + INTERVAL i * {500 * 86_400_000_000 // count} MICROSECOND"
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            insert, _, select = template.format(
                time=time,
                first=first,
                last=last,
                customers=self.customers,
                products=self.products,
                orders=self.orders,
            ).partition("SELECT ")
            numbers = (
                f"WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
            )
            yield f"{insert}{numbers} SELECT {select}"
