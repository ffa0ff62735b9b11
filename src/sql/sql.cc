#include "sql/sql.h"

#include <boost/json.hpp>
#include <span>

#include "base/limits.h"
#include "sql/dialect.h"
#include "sql/lex.h"
#include "sql/names.h"
#include "sql/tree.h"
#include "sql/walk.h"

namespace countersign::sql {
namespace {

namespace json = boost::json;

std::uint32_t offset_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_int64() && found->get_int64() > 0
               ? static_cast<std::uint32_t>(found->get_int64())
               : 0U;
}

void add_statements(const json::value& tree, std::string_view text, SqlFacts& facts) {
    const json::value* const list =
        tree.is_object() ? tree.get_object().if_contains("stmts") : nullptr;
    if (list == nullptr || !list->is_array()) {
        return;
    }
    for (const json::value& raw : list->get_array()) {
        if (!raw.is_object()) {
            continue;
        }
        const json::object& object = raw.get_object();
        const json::value* const node = object.if_contains("stmt");
        const std::uint32_t begin = offset_of(object, "stmt_location");
        const std::uint32_t length = offset_of(object, "stmt_len");
        const auto end = length > 0 ? begin + length : static_cast<std::uint32_t>(text.size());
        if (node != nullptr && node->is_object()) {
            facts.statements.push_back(read_statement(node->get_object(), {begin, end}));
        }
    }
}

/// Copies the text with every client line turned to spaces, so that offsets stay.
std::string without_client_lines(std::string_view text, const std::vector<Token>& tokens) {
    std::string out(text);
    for (const Token& token : tokens) {
        if (token.kind == TokenKind::Client) {
            for (std::size_t i = token.span.begin; i < token.span.end; ++i) {
                out[i] = ' ';
            }
        }
    }
    return out;
}

void read_client_lines(std::string_view text, const std::vector<Token>& tokens, Dialect dialect,
                       SqlFacts& facts) {
    for (const Token& token : tokens) {
        if (token.kind == TokenKind::Client) {
            read_client_line(bytes_of(text, token), token.span, dialect, facts);
        }
    }
}

SqlFacts analyze_postgres(std::string_view text) {
    SqlFacts facts;
    const std::vector<Token> tokens = lex(text, Dialect::Postgres);
    read_client_lines(text, tokens, Dialect::Postgres, facts);
    Result<json::value> tree = parse_tree(without_client_lines(text, tokens), tokens);
    if (!tree.ok()) {
        facts.error = tree.error().message;
        return facts;
    }
    add_statements(tree.value(), text, facts);
    facts.ok = facts.error.empty();
    return facts;
}

/// MySQL's SELECT ... INTO OUTFILE, which respell() leaves out for the grammar.
void add_out_file(std::string_view text, std::span<const Token> tokens, Statement& statement) {
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (is_word(text, tokens[i], "outfile") || is_word(text, tokens[i], "dumpfile")) {
            model::Effect effect;
            effect.kind = model::EffectKind::Write;
            effect.target = std::string(unquoted(text, tokens[i + 1]));
            effect.place = model::Place::System;
            effect.span = statement.span;
            effect.detail = "file of the database server";
            statement.effects.push_back(std::move(effect));
            raise_class(statement, StatementClass::Administer);
        }
    }
}

void analyze_other_statement(std::string_view text, std::span<const Token> tokens, Dialect dialect,
                             SqlFacts& facts) {
    if (std::optional<Statement> foreign = read_foreign(text, tokens, dialect, facts)) {
        facts.statements.push_back(std::move(*foreign));
        return;
    }
    const std::string spelled = respell(text, tokens, dialect);
    const std::vector<Token> again = lex(spelled, Dialect::Postgres);
    Result<json::value> tree = parse_tree(spelled, again);
    const std::size_t before = facts.statements.size();
    if (tree.ok()) {
        add_statements(tree.value(), spelled, facts);
    }
    if (facts.statements.size() == before) {
        facts.statements.push_back(read_by_first_word(text, tokens));
    }
    const model::Span span{tokens.front().span.begin, tokens.back().span.end};
    for (std::size_t i = before; i < facts.statements.size(); ++i) {
        Statement& statement = facts.statements[i];
        statement.span = span;
        for (model::Effect& effect : statement.effects) {
            effect.span = span;
        }
        for (model::Finding& finding : statement.findings) {
            finding.span = span;
        }
    }
    add_out_file(text, tokens, facts.statements.back());
}

SqlFacts analyze_other(std::string_view text, Dialect dialect) {
    SqlFacts facts;
    if (text.size() > limits::kActionTextBytesMax || text.find('\0') != std::string_view::npos) {
        facts.error = "SQL text is too long or holds a NUL byte";
        return facts;
    }
    const std::vector<Token> tokens = lex(text, dialect);
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= tokens.size(); ++i) {
        const bool client = i < tokens.size() && tokens[i].kind == TokenKind::Client;
        const bool ends = i == tokens.size() || client || tokens[i].kind == TokenKind::Semicolon;
        if (!ends) {
            continue;
        }
        if (i > begin) {
            analyze_other_statement(text, std::span(tokens).subspan(begin, i - begin), dialect,
                                    facts);
        }
        if (client) {
            read_client_line(bytes_of(text, tokens[i]), tokens[i].span, dialect, facts);
        }
        begin = i + 1;
    }
    facts.ok = true;
    return facts;
}

}  // namespace

SqlFacts analyze(std::string_view text, Dialect dialect) {
    return dialect == Dialect::Postgres ? analyze_postgres(text) : analyze_other(text, dialect);
}

}  // namespace countersign::sql
