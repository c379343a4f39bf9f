CREATE TABLE parent (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(40) CHARACTER SET utf8mb4 NOT NULL,
  UNIQUE KEY (name)
);;
INSERT INTO parent (name) VALUES ('one'), ('two 😀'), ('Grüße'), ('quote '' and \\ back'), (''), ('tab\there');;
CREATE TABLE child (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  parent_id INT NULL,
  amount DECIMAL(30,10) NOT NULL,
  doubled DECIMAL(31,10) AS (amount * 2) STORED,
  plus_one DECIMAL(31,10) AS (amount + 1) VIRTUAL,
  flags BIT(11) NOT NULL,
  size ENUM('s','m','l') NULL,
  tags SET('a','b','c') NOT NULL,
  hidden INT NOT NULL DEFAULT 7 INVISIBLE,
  y YEAR NULL, t TIME(3) NULL, ts TIMESTAMP(6) NULL,
  KEY (plus_one),
  CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE,
  CONSTRAINT positive CHECK (amount >= 0)
);;
INSERT INTO child (id, parent_id, amount, flags, size, tags, hidden, y, t, ts) VALUES
  (18446744073709551615, 1, 12345678901234567890.0123456789, b'10000000001', 's', 'a,c', 42, 2155, '-838:59:58.999', '2038-01-19 03:14:07.999999'),
  (1, NULL, 0, b'0', NULL, '', 7, NULL, NULL, NULL);;
CREATE TABLE `we``ird n"äme` (`a``b` INT NOT NULL, `select` VARCHAR(10), PRIMARY KEY (`a``b`));;
INSERT INTO `we``ird n"äme` VALUES (1, 'x'), (-2, NULL);;
CREATE TABLE blobs (id INT NOT NULL PRIMARY KEY, bytes LONGBLOB, fixed BINARY(4), latin TEXT CHARACTER SET latin1);;
INSERT INTO blobs VALUES (1, x'00ff0a0d5c27221a00', x'00', 'caf\u00e9'), (2, '', x'5c', NULL),
  (3, REPEAT(x'00', 3000000), x'27', 'x');;
CREATE TABLE dates (id INT NOT NULL PRIMARY KEY, d DATE NOT NULL, dt DATETIME NOT NULL);;
INSERT INTO dates VALUES (1, '0000-00-00', '0000-00-00 00:00:00'), (2, '2024-00-31', '9999-12-31 23:59:59');;
CREATE TABLE documents (id INT NOT NULL PRIMARY KEY, body JSON NOT NULL, KEY ((CAST(body->>'$.n' AS SIGNED))));;
INSERT INTO documents VALUES (1, '{"n": 1, "s": "\\u0000\\"", "list": [1, 2.5, null, true]}'), (2, '[]'), (3, '"😀"');;
CREATE TABLE numbers (f FLOAT, d DOUBLE);;
INSERT INTO numbers VALUES (0.5, 1.7976931348623157e308), (NULL, 2.2250738585072014e-308), (-0.25, 0.1);;
CREATE TABLE parts (id INT NOT NULL, body TEXT, PRIMARY KEY (id)) PARTITION BY RANGE (id)
  (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE);;
INSERT INTO parts VALUES (1, 'a'), (1000, 'b');;
CREATE TABLE words (id INT NOT NULL PRIMARY KEY, body TEXT, FULLTEXT KEY (body)) ROW_FORMAT=COMPRESSED;;
INSERT INTO words VALUES (1, 'full text words'), (2, 'more words');;
CREATE TABLE places (id INT NOT NULL PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL KEY (p));;
INSERT INTO places VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326));;
CREATE TABLE empty_one (id INT NOT NULL PRIMARY KEY);;
CREATE VIEW rich AS SELECT id, amount FROM child WHERE amount > 1;;
CREATE VIEW `view on view` AS SELECT COUNT(*) AS n FROM rich;;
CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC NO SQL RETURN n * 2;;
CREATE PROCEDURE fill(IN n INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < n DO SET i = i + 1; END WHILE; END;;
CREATE TRIGGER parent_trimmed BEFORE INSERT ON parent FOR EACH ROW SET NEW.name = TRIM(NEW.name);;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM empty_one;;
