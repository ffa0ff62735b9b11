// SQL text -> statements -> effects, read with PostgreSQL's own grammar (libpg_query, the only
// library this room names). Pure: no connection, no catalogue of a real database.
//
// Text that the grammar refuses has ok == false: the judge then treats it as unknown, never as
// harmless. Dialects other than PostgreSQL are read with the same grammar after a few lexical
// differences (sqlite dot-commands, MySQL backticks); a statement that then still does not parse
// has the effect of its first word and Effect Unknown besides.
// Bounds: limits::kActionTextBytesMax, limits::kSqlNestingMax (needs a stack of 8 MiB).
// Thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/effect.h"

namespace countersign::sql {

enum class Dialect { Postgres, Sqlite, Mysql };

/// PostgreSQL's own log_statement classes (GetCommandLogLevel), made finer for the tiers.
enum class StatementClass {
    Read,         ///< reads only
    Session,      ///< SET, SHOW, transactions: changes this session alone
    Write,        ///< INSERT, UPDATE and DELETE with a WHERE ...
    Schema,       ///< CREATE, ALTER ...
    Destructive,  ///< DROP, TRUNCATE, DROP COLUMN, DELETE or UPDATE of every row
    Administer    ///< roles, grants, extensions, languages, COPY ... PROGRAM, server files
};

struct Statement {
    StatementClass statement_class = StatementClass::Read;
    std::vector<model::Effect> effects;  ///< spans are relative to the SQL text
    std::vector<model::Finding> findings;
    model::Span span;
};

/// A command line that the text hands to a shell: sqlite's .shell, psql's \! and \copy ... program,
/// mysql's system. The judge reads it as an action's inner shell text. COPY ... PROGRAM is not
/// here: it runs on the database server.
struct ShellText {
    std::string text;
    model::Span span;
};

struct SqlFacts {
    bool ok = false;
    std::string error;  ///< the parser's message when !ok
    std::vector<Statement> statements;
    std::vector<ShellText> shell;
};

SqlFacts analyze(std::string_view text, Dialect dialect = Dialect::Postgres);

}  // namespace countersign::sql
