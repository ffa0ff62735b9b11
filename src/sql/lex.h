// Tokens of SQL text, as far as three jobs need them: measuring how deep the grammar would nest
// (tree.cc), splitting into statements, and reading client commands (dialect.cc). Not a grammar.
//
// Strings, quoted names, dollar quotes and comments are one token or none, by the rules of the
// dialect: PostgreSQL 15 manual chapter 4.1, sqlite.org/lang_keywords.html, MySQL 8 manual 9.1.
// An unterminated string or comment runs to the end of the text. Pure; linear; thread safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/command.h"
#include "sql/sql.h"

namespace countersign::sql {

enum class TokenKind {
    Word,    ///< keyword or name
    Name,    ///< quoted name
    String,  ///< quoted text, dollar quotes included
    Number,
    Operator,  ///< one byte of an operator
    Comma,
    Semicolon,
    Open,   ///< ( or [
    Close,  ///< ) or ]
    Client  ///< a whole line for the client: ".shell id", "\! id"
};

struct Token {
    TokenKind kind = TokenKind::Word;
    model::Span span;
};

std::vector<Token> lex(std::string_view text, Dialect dialect);

/// The bytes of a token; for String and Name without their quotes (doubled quotes stay doubled).
std::string_view bytes_of(std::string_view text, const Token& token);
std::string_view unquoted(std::string_view text, const Token& token);
/// Whether the token is this word, whatever the case. `word` is lower-case.
bool is_word(std::string_view text, const Token& token, std::string_view word);
std::string lowered(std::string_view text);

/// An upper bound of how many levels deep the grammar nests these tokens. Each token may open a
/// level (a left-deep chain of operators does), a comma ends the levels of its own bracket, a
/// semicolon ends all.
std::size_t nesting_bound(const std::vector<Token>& tokens);

}  // namespace countersign::sql
