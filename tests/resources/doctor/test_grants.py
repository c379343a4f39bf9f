from __future__ import annotations

import pytest

from resources.doctor.grants import DATABASE_PRIVILEGES, parse_grants
from resources.doctor.privileges import escaped


def test_global_database_and_table_grants_are_told_apart():
    grants = parse_grants(
        [
            "GRANT PROCESS, REPLICATION CLIENT ON *.* TO `u`@`%`",
            "GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `u`@`%` WITH GRANT OPTION",
            "GRANT SELECT, INSERT ON `shop`.* TO `u`@`%`",
            "GRANT DELETE ON `shop`.`t` TO `u`@`%`",
            "GRANT SELECT (`a`, `b`), UPDATE (`a`) ON `shop`.`t` TO `u`@`%`",
            "GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `u`@`%`",
            "GRANT `role`@`%` TO `u`@`%`",
            "GRANT PROXY ON ``@`` TO `u`@`%`",
        ]
    )
    assert grants.everywhere == {"PROCESS", "REPLICATION CLIENT", "BACKUP_ADMIN", "CLONE_ADMIN"}
    assert grants.databases == {"shop": {"SELECT", "INSERT"}}


@pytest.mark.parametrize(
    ("granted", "database", "counts"),
    [
        ("my_db", "my_db", True),
        ("my_db", "myxdb", True),
        ("my\\_db", "my_db", True),
        ("my\\_db", "myxdb", False),
        ("my\\_%", "my_shop", True),
        ("%", "anything", True),
        ("shop.x", "shop.x", True),
        ("shop.x", "shopyx", False),
    ],
)
def test_names_are_patterns_as_the_server_reads_them(granted, database, counts):
    grants = parse_grants([f"GRANT ALL PRIVILEGES ON `{granted}`.* TO `u`@`%`"])
    assert (grants.on(database) == {*DATABASE_PRIVILEGES, "ALL PRIVILEGES"}) == counts


def test_of_two_matching_names_only_the_more_specific_one_counts():
    grants = parse_grants(
        ["GRANT TRIGGER ON `my\\_db`.* TO `u`@`%`", "GRANT ALL PRIVILEGES ON `my\\_%`.* TO `u`@`%`"]
    )
    assert grants.on("my_db") == {"TRIGGER"}
    assert "SELECT" in grants.on("my_other")


def test_a_partial_revoke_takes_away_what_was_granted_everywhere():
    grants = parse_grants(
        ["GRANT SELECT, DROP ON *.* TO `u`@`%`", "REVOKE DROP ON `shop`.* FROM `u`@`%`"], literal=True
    )
    assert grants.on("shop") == {"SELECT"}
    assert grants.on("other") == {"SELECT", "DROP"}


def test_names_in_ansi_quotes_and_with_quotes_inside_are_read():
    grants = parse_grants(['GRANT SELECT ON "a""b".* TO "u"@"%"', "GRANT INSERT ON `c``d`.* TO `u`@`%`"])
    assert grants.databases == {'a"b': {"SELECT"}, "c`d": {"INSERT"}}


def test_escaping_makes_a_name_match_only_itself():
    grants = parse_grants([f"GRANT SELECT ON `{escaped('a_b%c')}`.* TO `u`@`%`"])
    assert grants.on("a_b%c") == {"SELECT"}
    assert grants.on("axb%c") == set() and grants.on("a_bxxc") == set()
