"""URLs as users write them: passwords with any character, TLS, names that MySQL confuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import psycopg.sql
import pymysql
import pytest

from highnoon import HPOTrialManager, StudyReader
from highnoon.exceptions import HighNoonError, StorageError, StudyExistsError
from highnoon.hpo.storage import StorageURL, open_storage
from highnoon.testing.servers import MariaDBServer, PostgresServer, PrivateServer

SPACE = {"x": ("uniform", -1.0, 1.0)}

PASSWORDS = [
    "p@ss:w/o?r#d%20&=+",
    " spaces in it ",
    "quote'\"back\\slash",
    "pässwörd-пароль-密码",
    "{SCHEMA_VERSION}%(x)s",
]


def square(params: dict[str, float]) -> float:
    return params["x"] ** 2


def add_user(server: PrivateServer, database: str, name: str, password: str) -> None:
    """Let a user do everything in a database; the names are ours, the password is anything."""
    url = server.admin_url
    assert url.port is not None
    where: dict[str, Any] = {"host": url.host, "user": url.username, "password": url.password}
    if isinstance(server, PostgresServer):
        sql = psycopg.sql
        with psycopg.connect(port=url.port, dbname="postgres", autocommit=True, **where) as admin:
            user = sql.Identifier(name)
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(password))
            )
            admin.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), user)
            )
    else:
        with (
            pymysql.connect(port=url.port, charset="utf8mb4", **where) as admin,
            admin.cursor() as cursor,
        ):
            cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s", (name, password))
            cursor.execute(f"GRANT ALL ON {database}.* TO %s@'%%'", (name,))


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> PrivateServer:
    name = "postgres_server" if request.param == "postgresql" else "mariadb_server"
    return request.getfixturevalue(name)


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_may_hold_any_character_and_is_never_shown(
    server: PrivateServer, password: str, said: Callable[[], str]
) -> None:
    user = f"user_{PASSWORDS.index(password)}"
    url = StorageURL.parse(server.create_database())
    add_user(server, str(url.url.database), user, password)
    address = f"127.0.0.1:{server.port}/{url.url.database}"
    written = f"{url.backend}://{user}:{quote(password, safe='')}@{address}"
    hpo = HPOTrialManager(study_name="s", storage=written)
    hpo.optimize(square, SPACE, n_trials=2)
    assert len(StudyReader.open("s", written).trials) == 2
    shown = repr(hpo) + hpo._repr_html_() + said()
    assert f"{user}:***@127.0.0.1" in repr(hpo)
    assert password not in shown
    assert quote(password, safe="") not in shown
    server.drop_database(str(url.raw))


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_wrong_password_is_not_shown_in_any_error_of_the_chain(
    server: PrivateServer, password: str
) -> None:
    written = f"nobody:{quote(password, safe='')}@127.0.0.1:{server.port}/db"
    with pytest.raises(StorageError, match=r"Check the user and the password in the URL") as caught:
        open_storage(f"{server.admin_url.get_backend_name()}://{written}", create=True)
    error: BaseException | None = caught.value
    while error is not None:
        assert password not in str(error)
        assert quote(password, safe="") not in str(error)
        error = error.__cause__ or error.__context__


def test_mariadb_may_be_written_as_such(mariadb_url: str) -> None:
    url = mariadb_url.replace("mysql://", "mariadb://")
    HPOTrialManager(study_name="s", storage=url).optimize(square, SPACE, n_trials=1)
    assert len(StudyReader.open("s", mariadb_url).trials) == 1


POSTGRESQL_OPTIONS = {
    "sslmode=require": "server does not support SSL.*sslmode, sslrootcert",
    "sslmode=perhaps": r'invalid sslmode value: "perhaps".*behind the \? of the URL',
    "no_such_option=1": r'"no_such_option".*behind the \? of the URL',
}
MARIADB_OPTIONS = {
    "ssl_verify_cert=true": "server doesn't support it.*ssl_ca",
    "ssl_ca=/no/such/file.pem": r"No such file.*\?ssl_ca=/path/to/ca\.pem",
    "ssl=true": r"refused.*For TLS write \?ssl_ca=",
    "no_such_option=1": r"refused.*no_such_option",
}


def test_postgresql_gets_the_options_of_the_url(postgres_url: str) -> None:
    for options, message in POSTGRESQL_OPTIONS.items():
        with pytest.raises(StorageError, match=message):
            open_storage(f"{postgres_url}?{options}", create=True)


def test_mariadb_gets_the_options_of_the_url(mariadb_url: str) -> None:
    for options, message in MARIADB_OPTIONS.items():
        with pytest.raises(StorageError, match=message):
            open_storage(f"{mariadb_url}?{options}", create=True)


def test_postgresql_is_spoken_to_over_tls() -> None:
    if not PostgresServer.is_installed():
        pytest.skip("PostgreSQL is not installed")
    with PostgresServer(tls=True) as server:
        url = f"{server.create_database()}?sslmode=verify-full"
        with pytest.raises(StorageError, match=r"root certificate|certificate verify failed"):
            open_storage(url, create=True)
        storage = open_storage(f"{url}&sslrootcert={server.certificate}", create=True)
        storage.get_all_studies()
        encrypted = server.execute(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = :name",
            name=StorageURL.parse(url).url.database,
        )
        assert encrypted
        assert all(ssl for (ssl,) in encrypted)


def test_mariadb_is_spoken_to_over_tls() -> None:
    if not MariaDBServer.is_installed():
        pytest.skip("MariaDB is not installed")
    with MariaDBServer(tls=True) as server:
        url = server.create_database()
        database = str(StorageURL.parse(url).url.database)
        add_user(server, database, "encrypted", "pass")
        server.execute("ALTER USER encrypted REQUIRE SSL")
        address = f"mysql://encrypted:pass@127.0.0.1:{server.port}/{database}"
        with pytest.raises(StorageError, match="Access denied"):
            open_storage(f"{address}?ssl_disabled=true", create=True)
        with pytest.raises(StorageError, match=r"certificate verify failed.*ssl_ca"):
            open_storage(f"{address}?ssl_ca=/etc/ssl/certs/ca-certificates.crt", create=True)
        HPOTrialManager(study_name="s", storage=f"{address}?ssl_ca={server.certificate}")
        assert [study.study_name for study in open_storage(address).get_all_studies()] == ["s"]


@pytest.mark.parametrize("other", ["exp", "EXP", "Éxp", "Exp "])
def test_mysql_refuses_a_study_name_that_it_takes_for_another(mariadb_url: str, other: str) -> None:
    HPOTrialManager(study_name="Exp", storage=mariadb_url)
    with pytest.raises(StudyExistsError, match=r"named 'Exp', and MySQL takes .*for the same name"):
        HPOTrialManager(study_name=other, storage=mariadb_url)
    with pytest.raises(HighNoonError, match="No study"):
        StudyReader.open(other, mariadb_url)
    assert HPOTrialManager(study_name="Exp", storage=mariadb_url).study_name == "Exp"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_elsewhere_names_that_differ_in_case_are_two_studies(
    new_database: Callable[[str], str], kind: str
) -> None:
    url = new_database(kind)
    for name in ("Exp", "exp"):
        HPOTrialManager(study_name=name, storage=url)
    assert len(open_storage(url).get_all_studies()) == 2


def test_names_of_studies_and_parameters_may_be_in_any_script(database_url: str) -> None:
    hpo = HPOTrialManager(study_name="实验 №1 🦉", storage=database_url)
    hpo.optimize(lambda params: params["скорость"], {"скорость": ("uniform", 0, 1)}, n_trials=1)
    assert "скорость" in StudyReader.open("实验 №1 🦉", database_url).best_params


@pytest.mark.parametrize(
    "url", ["sqlite:///file:hpo.db?uri=true", "sqlite:///file:x?mode=memory&uri=true"]
)
def test_an_address_of_sqlites_own_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"not supported\. Write the path of a file"):
        open_storage(url, create=True)
