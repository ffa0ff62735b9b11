#include "sql/dialect.h"

#include <algorithm>
#include <array>

#include "sql/walk.h"

namespace countersign::sql {
namespace {

using K = model::EffectKind;
using P = model::Place;
using C = StatementClass;

/// What the first word of a statement tells.
struct FirstWord {
    std::string_view word;
    C statement_class;
    std::optional<K> effect;
    bool recursive;
    std::string_view detail;
};

/// Statements of sqlite and MySQL that PostgreSQL does not have, or has with another meaning.
constexpr auto kForeign = std::to_array<FirstWord>({
    {"show", C::Read, std::nullopt, false, ""},
    {"describe", C::Read, std::nullopt, false, ""},
    {"desc", C::Read, std::nullopt, false, ""},
    {"use", C::Session, std::nullopt, false, ""},
    {"help", C::Read, std::nullopt, false, ""},
    {"detach", C::Session, std::nullopt, false, ""},
    {"begin", C::Session, std::nullopt, false, ""},
    {"commit", C::Session, std::nullopt, false, ""},
    {"end", C::Session, std::nullopt, false, ""},
    {"rollback", C::Session, std::nullopt, false, ""},
    {"savepoint", C::Session, std::nullopt, false, ""},
    {"release", C::Session, std::nullopt, false, ""},
    {"lock", C::Session, std::nullopt, false, ""},
    {"unlock", C::Session, std::nullopt, false, ""},
    {"set", C::Session, std::nullopt, false, ""},
    {"delimiter", C::Session, std::nullopt, false, ""},
    {"handler", C::Read, K::DbRead, false, "reads a table"},
    {"check", C::Read, std::nullopt, false, ""},
    {"checksum", C::Read, std::nullopt, false, ""},
    {"analyze", C::Session, std::nullopt, false, ""},
    {"reindex", C::Session, K::DbSchema, false, "rebuilds indexes"},
    {"optimize", C::Session, K::DbSchema, false, "rebuilds a table"},
    {"repair", C::Write, K::DbWrite, false, "repairs a table"},
    {"flush", C::Administer, K::Configure, false, "flushes caches or rights"},
    {"reset", C::Administer, K::Configure, false, "resets replication"},
    {"kill", C::Administer, K::Signal, false, "ends another session"},
    {"shutdown", C::Administer, K::Signal, false, "stops the server machine process"},
    {"install", C::Administer, K::Execute, false, "loads a library into the server"},
    {"uninstall", C::Administer, K::Configure, false, "uninstalls a plugin"},
    {"purge", C::Destructive, K::DbWrite, true, "purges binary logs"},
    {"change", C::Administer, K::Configure, false, "changes replication"},
    {"start", C::Session, std::nullopt, false, ""},
    {"stop", C::Administer, K::Configure, false, "stops replication"},
    {"import", C::Write, K::DbWrite, false, "imports a table"},
});

/// What remains known of a statement that no grammar read.
constexpr auto kByFirstWord = std::to_array<FirstWord>({
    {"select", C::Read, K::DbRead, false, ""},
    {"with", C::Read, K::DbRead, false, ""},
    {"values", C::Read, std::nullopt, false, ""},
    {"explain", C::Read, std::nullopt, false, ""},
    {"insert", C::Write, K::DbWrite, false, "inserts rows"},
    {"replace", C::Write, K::DbWrite, false, "replaces rows"},
    {"update", C::Write, K::DbWrite, false, "updates rows"},
    {"merge", C::Write, K::DbWrite, false, "merges rows"},
    {"load", C::Write, K::DbWrite, false, "loads rows"},
    {"delete", C::Destructive, K::DbWrite, true, "deletes rows"},
    {"drop", C::Destructive, K::DbSchema, true, "drops"},
    {"truncate", C::Destructive, K::DbWrite, true, "deletes every row (truncate)"},
    {"create", C::Schema, K::DbSchema, false, "creates"},
    {"alter", C::Schema, K::DbSchema, false, "alters"},
    {"rename", C::Schema, K::DbSchema, false, "renames"},
    {"grant", C::Administer, K::Identity, false, "grants rights"},
    {"revoke", C::Administer, K::Identity, false, "revokes rights"},
    {"call", C::Session, K::Eval, false, "calls a procedure"},
    {"execute", C::Session, K::Eval, false, "runs a prepared statement"},
    {"prepare", C::Session, K::Eval, false, "prepares a statement"},
    {"do", C::Session, K::Eval, false, "runs a code block"},
});

template <std::size_t N>
const FirstWord* find_word(std::string_view text, std::span<const Token> tokens,
                           const std::array<FirstWord, N>& table) {
    if (tokens.empty()) {
        return nullptr;
    }
    for (const FirstWord& row : table) {
        if (is_word(text, tokens.front(), row.word)) {
            return &row;
        }
    }
    return nullptr;
}

model::Span span_of(std::span<const Token> tokens) {
    return {tokens.front().span.begin, tokens.back().span.end};
}

void add(Statement& statement, K kind, std::string target, P place, std::string_view detail,
         bool recursive = false) {
    model::Effect effect;
    effect.kind = kind;
    effect.target = std::move(target);
    effect.place = place;
    effect.recursive = recursive;
    effect.span = statement.span;
    effect.detail = std::string(detail);
    statement.effects.push_back(std::move(effect));
}

bool has_word(std::string_view text, std::span<const Token> tokens, std::string_view word) {
    return std::any_of(tokens.begin(), tokens.end(),
                       [&](const Token& token) { return is_word(text, token, word); });
}

/// The first string after a word, empty when there is none.
std::string string_after(std::string_view text, std::span<const Token> tokens,
                         std::string_view word) {
    bool seen = false;
    for (const Token& token : tokens) {
        const bool names = token.kind == TokenKind::String || token.kind == TokenKind::Name;
        if (seen && names) {
            return std::string(unquoted(text, token));
        }
        seen = seen || is_word(text, token, word);
    }
    return {};
}

Statement from_row(std::span<const Token> tokens, const FirstWord& row) {
    Statement statement;
    statement.span = span_of(tokens);
    statement.statement_class = row.statement_class;
    if (row.effect.has_value()) {
        add(statement, *row.effect, "", P::Database, row.detail, row.recursive);
    }
    return statement;
}

std::optional<Statement> read_sqlite(std::string_view text, std::span<const Token> tokens) {
    Statement statement;
    statement.span = span_of(tokens);
    if (is_word(text, tokens.front(), "pragma")) {
        const bool assigns = std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) {
            return bytes_of(text, token) == "=";
        });
        statement.statement_class = C::Session;
        if (has_word(text, tokens, "writable_schema") && assigns) {
            raise_class(statement, C::Schema);
            add(statement, K::DbSchema, "sqlite_schema", P::Database, "opens the schema to writes");
        }
        return statement;
    }
    if (is_word(text, tokens.front(), "attach")) {
        statement.statement_class = C::Session;
        std::string file = string_after(text, tokens, "attach");
        const bool real = !file.empty() && file != ":memory:";
        if (real || file.empty()) {
            add(statement, K::Create, std::move(file), P::Unknown, "attached database file");
        }
        return statement;
    }
    if (is_word(text, tokens.front(), "vacuum")) {
        statement.statement_class = C::Session;
        if (has_word(text, tokens, "into")) {
            add(statement, K::Write, string_after(text, tokens, "into"), P::Unknown,
                "copy of the database");
        }
        return statement;
    }
    return std::nullopt;
}

std::optional<Statement> read_mysql(std::string_view text, std::span<const Token> tokens,
                                    SqlFacts& facts) {
    Statement statement;
    statement.span = span_of(tokens);
    const std::string rest(
        text.substr(tokens.front().span.end, statement.span.end - tokens.front().span.end));
    if (is_word(text, tokens.front(), "system") || is_word(text, tokens.front(), "pager")) {
        statement.statement_class = C::Administer;
        facts.shell.push_back({rest, statement.span});
        add(statement, K::Execute, rest, P::Unknown, "shell command of the database client");
        return statement;
    }
    if (is_word(text, tokens.front(), "source")) {
        add(statement, K::Eval, rest, P::Database, "runs SQL out of a file");
        return statement;
    }
    if (is_word(text, tokens.front(), "tee")) {
        add(statement, K::Write, rest, P::Unknown, "written by the database client");
        return statement;
    }
    if (is_word(text, tokens.front(), "load")) {
        const bool local = has_word(text, tokens, "local");
        statement.statement_class = C::Write;
        add(statement, local ? K::Read : K::SecretRead, string_after(text, tokens, "infile"),
            local ? P::Unknown : P::Secret, "file loaded into a table");
        add(statement, K::DbWrite, "", P::Database, "loads rows");
        return statement;
    }
    const bool user = tokens.size() > 1 && is_word(text, tokens[1], "user");
    if (user) {
        statement.statement_class = C::Administer;
        add(statement, K::Identity, "", P::Database, "changes an account");
        return statement;
    }
    return std::nullopt;
}

bool is_byte(std::string_view text, const Token& token, char byte) {
    return token.span.end - token.span.begin == 1 && text[token.span.begin] == byte;
}

void append_quoted(std::string& out, char quote, std::string_view inner, char was) {
    out += quote;
    for (std::size_t i = 0; i < inner.size(); ++i) {
        const char c = inner[i];
        const bool doubled = c == was && i + 1 < inner.size() && inner[i + 1] == was;
        if (c == quote) {
            out += c;
        }
        out += c;
        i += doubled ? 1U : 0U;
    }
    out += quote;
}

/// Words that only the other dialect has and that change nothing here.
bool is_dropped_word(std::string_view text, const Token& token) {
    static constexpr auto kDropped = std::to_array<std::string_view>(
        {"autoincrement", "auto_increment", "unsigned", "zerofill", "ignore", "low_priority",
         "high_priority", "delayed", "straight_join", "sql_no_cache", "binary"});
    return std::any_of(kDropped.begin(), kDropped.end(),
                       [&](std::string_view word) { return is_word(text, token, word); });
}

/// Tokens to leave out at `i`: "OR REPLACE" after INSERT or UPDATE, "INTO OUTFILE 'f'".
std::size_t skipped_at(std::string_view text, std::span<const Token> tokens, std::size_t i) {
    const bool after_verb =
        i > 0 && (is_word(text, tokens[i - 1], "insert") || is_word(text, tokens[i - 1], "update"));
    if (after_verb && is_word(text, tokens[i], "or") && i + 1 < tokens.size()) {
        return 2;
    }
    const bool out_file =
        is_word(text, tokens[i], "into") && i + 2 < tokens.size() &&
        (is_word(text, tokens[i + 1], "outfile") || is_word(text, tokens[i + 1], "dumpfile"));
    if (out_file) {
        return 3;
    }
    return is_dropped_word(text, tokens[i]) ? 1 : 0;
}

}  // namespace

std::optional<Statement> read_foreign(std::string_view text, std::span<const Token> tokens,
                                      Dialect dialect, SqlFacts& facts) {
    if (tokens.empty() || dialect == Dialect::Postgres) {
        return std::nullopt;
    }
    std::optional<Statement> own =
        dialect == Dialect::Sqlite ? read_sqlite(text, tokens) : read_mysql(text, tokens, facts);
    if (own.has_value()) {
        return own;
    }
    if (const FirstWord* const row = find_word(text, tokens, kForeign)) {
        return from_row(tokens, *row);
    }
    return std::nullopt;
}

std::string respell(std::string_view text, std::span<const Token> tokens, Dialect dialect) {
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::size_t skipped = skipped_at(text, tokens, i);
        if (skipped > 0) {
            i += skipped - 1;
            continue;
        }
        const Token& token = tokens[i];
        const bool glued = i > 0 && tokens[i - 1].span.end == token.span.begin;
        out += glued ? "" : " ";
        const bool limit_pair =
            i >= 2 && token.kind == TokenKind::Comma && is_word(text, tokens[i - 2], "limit");
        if (token.kind == TokenKind::Name && dialect != Dialect::Postgres) {
            append_quoted(out, '"', unquoted(text, token), text[token.span.begin]);
        } else if (token.kind == TokenKind::String && dialect == Dialect::Mysql) {
            append_quoted(out, '\'', unquoted(text, token), text[token.span.begin]);
        } else if (i == 0 && is_word(text, token, "replace")) {
            out += "insert";
        } else if (is_word(text, token, "glob") || is_word(text, token, "regexp") ||
                   is_word(text, token, "rlike")) {
            out += "like";
        } else if (limit_pair) {
            out += " offset ";
        } else if (is_byte(text, token, '!') && i + 1 < tokens.size() &&
                   tokens[i + 1].kind == TokenKind::Word) {
            out += "not ";
        } else {
            out += bytes_of(text, token);
        }
    }
    return out;
}

Statement read_by_first_word(std::string_view text, std::span<const Token> tokens) {
    Statement statement;
    if (const FirstWord* const row = find_word(text, tokens, kByFirstWord)) {
        statement = from_row(tokens, *row);
    } else {
        statement.span = span_of(tokens);
        statement.statement_class = C::Administer;
    }
    add(statement, K::Unknown, "", P::Database, "statement that the grammar does not read");
    return statement;
}

}  // namespace countersign::sql
