// Lines that psql, sqlite3 and mysql act on themselves.
#include <algorithm>
#include <array>

#include "sql/dialect.h"
#include "sql/walk.h"

namespace countersign::sql {
namespace {

using K = model::EffectKind;
using P = model::Place;

/// What a client command does with its argument.
enum class Deed {
    Nothing,    ///< formatting, listing, help
    Shell,      ///< the rest of the line is a shell command
    Write,      ///< writes the named file, or pipes to a command
    Run,        ///< runs SQL out of the named file, or out of a command's output
    Import,     ///< reads the named file into a table
    Load,       ///< loads a library
    Execute,    ///< starts a program (an editor)
    Overwrite,  ///< replaces the whole database from a file
    Open,       ///< opens another database
    Dynamic,    ///< runs its own results as SQL
    Identity,   ///< changes a password
    Copy        ///< psql \copy
};

struct ClientCommand {
    std::string_view name;
    Deed deed;
};

constexpr auto kSqlite = std::to_array<ClientCommand>({
    {"shell", Deed::Shell},       {"system", Deed::Shell},       {"output", Deed::Write},
    {"once", Deed::Write},        {"log", Deed::Write},          {"trace", Deed::Write},
    {"save", Deed::Write},        {"backup", Deed::Write},       {"clone", Deed::Write},
    {"dump", Deed::Nothing},      {"read", Deed::Run},           {"import", Deed::Import},
    {"load", Deed::Load},         {"restore", Deed::Overwrite},  {"open", Deed::Open},
    {"excel", Deed::Execute},     {"archive", Deed::Write},      {"ar", Deed::Write},
    {"tables", Deed::Nothing},    {"schema", Deed::Nothing},     {"headers", Deed::Nothing},
    {"header", Deed::Nothing},    {"mode", Deed::Nothing},       {"separator", Deed::Nothing},
    {"indexes", Deed::Nothing},   {"indices", Deed::Nothing},    {"databases", Deed::Nothing},
    {"quit", Deed::Nothing},      {"exit", Deed::Nothing},       {"echo", Deed::Nothing},
    {"width", Deed::Nothing},     {"timer", Deed::Nothing},      {"timeout", Deed::Nothing},
    {"help", Deed::Nothing},      {"print", Deed::Nothing},      {"show", Deed::Nothing},
    {"bail", Deed::Nothing},      {"changes", Deed::Nothing},    {"explain", Deed::Nothing},
    {"eqp", Deed::Nothing},       {"fullschema", Deed::Nothing}, {"nullvalue", Deed::Nothing},
    {"stats", Deed::Nothing},     {"version", Deed::Nothing},    {"dbinfo", Deed::Nothing},
    {"parameter", Deed::Nothing}, {"limit", Deed::Nothing},      {"prompt", Deed::Nothing},
    {"cd", Deed::Nothing},        {"lint", Deed::Nothing},       {"progress", Deed::Nothing},
});

constexpr auto kPsql = std::to_array<ClientCommand>({
    {"!", Deed::Shell},
    {"i", Deed::Run},
    {"ir", Deed::Run},
    {"include", Deed::Run},
    {"include_relative", Deed::Run},
    {"o", Deed::Write},
    {"out", Deed::Write},
    {"g", Deed::Write},
    {"gx", Deed::Write},
    {"w", Deed::Write},
    {"write", Deed::Write},
    {"s", Deed::Write},
    {"gexec", Deed::Dynamic},
    {"e", Deed::Execute},
    {"edit", Deed::Execute},
    {"ef", Deed::Execute},
    {"ev", Deed::Execute},
    {"c", Deed::Open},
    {"connect", Deed::Open},
    {"password", Deed::Identity},
    {"copy", Deed::Copy},
    {"lo_import", Deed::Import},
    {"lo_export", Deed::Write},
    {"lo_unlink", Deed::Overwrite},
    {"setenv", Deed::Execute},
    {"a", Deed::Nothing},
    {"conninfo", Deed::Nothing},
    {"echo", Deed::Nothing},
    {"warn", Deed::Nothing},
    {"qecho", Deed::Nothing},
    {"f", Deed::Nothing},
    {"h", Deed::Nothing},
    {"help", Deed::Nothing},
    {"l", Deed::Nothing},
    {"l+", Deed::Nothing},
    {"list", Deed::Nothing},
    {"p", Deed::Nothing},
    {"pset", Deed::Nothing},
    {"q", Deed::Nothing},
    {"quit", Deed::Nothing},
    {"r", Deed::Nothing},
    {"set", Deed::Nothing},
    {"unset", Deed::Nothing},
    {"sf", Deed::Nothing},
    {"sv", Deed::Nothing},
    {"t", Deed::Nothing},
    {"timing", Deed::Nothing},
    {"x", Deed::Nothing},
    {"z", Deed::Nothing},
    {"?", Deed::Nothing},
    {"gset", Deed::Nothing},
    {"gdesc", Deed::Nothing},
    {"crosstabview", Deed::Nothing},
    {"watch", Deed::Nothing},
    {"errverbose", Deed::Nothing},
    {"encoding", Deed::Nothing},
    {"if", Deed::Nothing},
    {"elif", Deed::Nothing},
    {"else", Deed::Nothing},
    {"endif", Deed::Nothing},
    {"prompt", Deed::Nothing},
    {"copyright", Deed::Nothing},
    {"bind", Deed::Nothing},
});

constexpr auto kMysql = std::to_array<ClientCommand>({
    {"!", Deed::Shell},   {"system", Deed::Shell}, {"P", Deed::Shell},   {"pager", Deed::Shell},
    {".", Deed::Run},     {"source", Deed::Run},   {"T", Deed::Write},   {"tee", Deed::Write},
    {"e", Deed::Execute}, {"edit", Deed::Execute}, {"r", Deed::Open},    {"u", Deed::Nothing},
    {"g", Deed::Nothing}, {"G", Deed::Nothing},    {"s", Deed::Nothing}, {"c", Deed::Nothing},
    {"h", Deed::Nothing}, {"?", Deed::Nothing},    {"q", Deed::Nothing}, {"p", Deed::Nothing},
    {"t", Deed::Nothing}, {"n", Deed::Nothing},    {"W", Deed::Nothing}, {"w", Deed::Nothing},
    {"C", Deed::Nothing}, {"R", Deed::Nothing},    {"d", Deed::Nothing}, {"#", Deed::Nothing},
});

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r;");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r;") + 1 - first);
}

/// The first argument: quotes taken off; "|command" stays whole.
std::string first_argument(std::string_view rest) {
    rest = trimmed(rest);
    if (rest.starts_with('|')) {
        return std::string(rest);
    }
    if (!rest.empty() && (rest.front() == '\'' || rest.front() == '"')) {
        const std::size_t close = rest.find(rest.front(), 1);
        return std::string(rest.substr(1, close == std::string_view::npos ? close : close - 1));
    }
    return std::string(rest.substr(0, rest.find_first_of(" \t")));
}

std::string_view name_of(std::string_view line, std::string_view& rest) {
    line.remove_prefix(1);
    std::size_t end = 0;
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '+';
    };
    if (!line.empty() && !is_letter(line.front())) {
        end = 1;
    } else {
        while (end < line.size() && is_letter(line[end])) {
            ++end;
        }
    }
    rest = line.substr(end);
    return line.substr(0, end);
}

/// sqlite takes any unambiguous beginning of a dot command; the dangerous ones win.
Deed deed_of(std::string_view name, Dialect dialect, bool& known) {
    const auto search = [&](const auto& table, bool abbreviated) {
        for (const ClientCommand& row : table) {
            if (row.name == name || (abbreviated && !name.empty() && row.name.starts_with(name))) {
                known = true;
                return row.deed;
            }
        }
        return Deed::Nothing;
    };
    switch (dialect) {
        case Dialect::Sqlite:
            return search(kSqlite, true);
        case Dialect::Mysql:
            return search(kMysql, false);
        case Dialect::Postgres:
            break;
    }
    // \d, \dt+, \da ... all describe.
    if (name.starts_with('d')) {
        known = true;
        return Deed::Nothing;
    }
    return search(kPsql, false);
}

class LineReader {
public:
    LineReader(model::Span span, SqlFacts& facts) : facts_(facts) { statement_.span = span; }

    void add(K kind, std::string target, P place, std::string detail, bool recursive = false) {
        model::Effect effect;
        effect.kind = kind;
        effect.target = std::move(target);
        effect.place = place;
        effect.recursive = recursive;
        effect.span = statement_.span;
        effect.detail = std::move(detail);
        statement_.effects.push_back(std::move(effect));
    }

    void shell(std::string text) {
        raise_class(statement_, StatementClass::Administer);
        facts_.shell.push_back({text, statement_.span});
        add(K::Execute, std::move(text), P::Unknown, "shell command of the database client");
    }

    /// A file, or a command after "|".
    void file_or_pipe(K kind, const std::string& argument, std::string detail) {
        if (argument.starts_with('|')) {
            shell(argument.substr(1));
        } else if (!argument.empty()) {
            add(kind, argument, P::Unknown, std::move(detail));
        }
    }

    void copy(std::string_view rest) {
        const std::vector<Token> tokens = lex(rest, Dialect::Postgres);
        for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
            if (is_word(rest, tokens[i], "program")) {
                shell(std::string(unquoted(rest, tokens[i + 1])));
                return;
            }
        }
        for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
            const bool from = is_word(rest, tokens[i], "from");
            if (from || is_word(rest, tokens[i], "to")) {
                raise_class(statement_, from ? StatementClass::Write : StatementClass::Read);
                add(from ? K::Read : K::Write, std::string(unquoted(rest, tokens[i + 1])),
                    P::Unknown, "file of the database client");
                add(from ? K::DbWrite : K::DbRead, "", P::Database, "copies rows");
            }
        }
    }

    void run(Deed deed, std::string_view rest) {
        const std::string argument = first_argument(rest);
        switch (deed) {
            case Deed::Nothing:
                break;
            case Deed::Shell:
                shell(std::string(trimmed(rest)));
                break;
            case Deed::Write:
                file_or_pipe(K::Write, argument, "written by the database client");
                break;
            case Deed::Run:
                file_or_pipe(K::Read, argument, "SQL file");
                add(K::Eval, argument, P::Database, "runs SQL out of a file");
                break;
            case Deed::Import:
                file_or_pipe(K::Read, argument, "imported file");
                raise_class(statement_, StatementClass::Write);
                add(K::DbWrite, "", P::Database, "imports rows");
                break;
            case Deed::Load:
                raise_class(statement_, StatementClass::Administer);
                add(K::Execute, argument, P::Unknown, "loads a library");
                break;
            case Deed::Execute:
                add(K::Execute, argument, P::Unknown, "starts a program");
                break;
            case Deed::Overwrite:
                raise_class(statement_, StatementClass::Destructive);
                add(K::DbWrite, argument, P::Database, "replaces data", true);
                break;
            case Deed::Open:
                add(K::DbRead, argument, P::Database, "opens another database");
                break;
            case Deed::Dynamic:
                add(K::Eval, "", P::Database, "runs its results as SQL");
                break;
            case Deed::Identity:
                raise_class(statement_, StatementClass::Administer);
                add(K::Identity, argument, P::Database, "changes a password");
                break;
            case Deed::Copy:
                copy(rest);
                break;
        }
    }

    void unknown(std::string_view name) {
        raise_class(statement_, StatementClass::Administer);
        add(K::Unknown, std::string(name), P::Database, "client command not known");
    }

    void finish() { facts_.statements.push_back(std::move(statement_)); }

private:
    Statement statement_;
    SqlFacts& facts_;
};

}  // namespace

void read_client_line(std::string_view line, model::Span span, Dialect dialect, SqlFacts& facts) {
    std::string_view rest;
    const std::string_view name = name_of(line, rest);
    bool known = false;
    const Deed deed = deed_of(name, dialect, known);
    LineReader reader(span, facts);
    if (known) {
        reader.run(deed, rest);
    } else {
        reader.unknown(name);
        facts.error = "client command not known: " + std::string(name);
    }
    reader.finish();
}

}  // namespace countersign::sql
