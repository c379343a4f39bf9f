"""Finding the N-th statement of a script."""

from resources.prisma.locate_statement import count_statements, first_word, locate

SCRIPT = """-- CreateTable; with a semicolon
CREATE TABLE a (x VARCHAR(9) DEFAULT ';', `y;` INT COMMENT "it's; \\"");

/* two;
lines */ INSERT INTO a VALUES ('it''s; \\'', 1); # end;
/*!50001 DROP TABLE b */;
CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW
BEGIN
  IF NEW.x = 1 THEN SET NEW.x = CASE WHEN 1 THEN 2 ELSE 3 END; END IF;
  CASE NEW.x WHEN 1 THEN BEGIN END; ELSE BEGIN END; END CASE;
  l: LOOP LEAVE l; END LOOP l;
END;
BEGIN;
UPDATE a SET x = 1;
COMMIT
"""


def test_statements_are_numbered_as_the_server_does() -> None:
    assert count_statements(SCRIPT) == 7
    found = [locate(SCRIPT, number) for number in range(1, 9)]
    lines = [statement.line if statement else None for statement in found]
    assert lines == [2, 5, 6, 7, 13, 14, 15, None]


def test_the_text_is_the_statement_without_its_end() -> None:
    second, trigger = locate(SCRIPT, 2), locate(SCRIPT, 4)
    assert second and trigger
    assert second.text == "INSERT INTO a VALUES ('it''s; \\'', 1)"
    assert trigger.text.startswith("CREATE TRIGGER")
    assert trigger.text.endswith("END")


def test_nonsense_is_tolerated() -> None:
    for text in ("", ";", ";;", "'", '"\\', "`", "/*", "/*!", "--", "DELIMITER $$\nx$$", "\0", "("):
        count_statements(text)
    assert locate("SELECT 'open; \n SELECT 2;", 5) is None


def test_deep_parentheses_and_long_scripts_take_neither_the_stack_nor_long() -> None:
    assert count_statements("SELECT " + "(" * 100_000 + "1" + ")" * 100_000 + ";") == 1
    assert count_statements("INSERT INTO a VALUES ('" + "x" * 2_000_000 + "');\n" * 2) == 2


def test_first_word_skips_comments_but_not_executable_ones() -> None:
    assert first_word("-- x\n/* y */ alter TABLE a") == "ALTER"
    assert first_word("/*!50001 DROP TABLE a */") == ""
    assert first_word("(SELECT 1)") == ""
    assert first_word("") == ""
