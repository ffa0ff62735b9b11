// What differs from PostgreSQL's grammar: lines for the client (psql, sqlite3, mysql), statements
// that only another server knows, and spellings that the common grammar can be given instead.
// Sources: psql(1), sqlite.org/cli.html, sqlite.org/lang.html, MySQL 8.0 manual chapters 4.5.1
// and 13. Pure; thread safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sql/lex.h"
#include "sql/sql.h"

namespace countersign::sql {

/// Reads one client line (without its newline): its effects go to a statement of its own, shell
/// text to facts.shell.
void read_client_line(std::string_view line, model::Span span, Dialect dialect, SqlFacts& facts);

/// A statement that is known by its first word (PRAGMA, SHOW, ATTACH, LOAD DATA ...); nullopt when
/// the common grammar should read it.
std::optional<Statement> read_foreign(std::string_view text, std::span<const Token> tokens,
                                      Dialect dialect, SqlFacts& facts);

/// The statement respelled for PostgreSQL's grammar.
std::string respell(std::string_view text, std::span<const Token> tokens, Dialect dialect);

/// What a statement that no grammar read does, by its first word, with Effect Unknown besides.
Statement read_by_first_word(std::string_view text, std::span<const Token> tokens);

}  // namespace countersign::sql
