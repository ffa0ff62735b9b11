#include "sql/walk.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "sql/functions.h"
#include "sql/lex.h"
#include "sql/names.h"
#include "sql/nodes.h"

namespace countersign::sql {
namespace {

namespace json = boost::json;
using model::Effect;
using model::EffectKind;
using model::Place;
using model::Severity;

/// Whether what stands below is carried out by the statement or merely stored or planned.
enum class Mood { Runs, Planned };

struct Frame {
    std::string_view key;
    const json::value* value = nullptr;
    Mood mood = Mood::Runs;
};

constexpr auto kStoresOnly = std::to_array<std::string_view>(
    {"ViewStmt", "RuleStmt", "CreateFunctionStmt", "CreateTrigStmt", "CreatePolicyStmt"});

/// Settings that switch a protection off or change whose rights count.
constexpr auto kRoleSettings = std::to_array<std::string_view>({"role", "session_authorization"});
constexpr auto kGuardSettings = std::to_array<std::string_view>(
    {"session_replication_role", "row_security", "default_transaction_read_only",
     "transaction_read_only", "log_statement", "ssl", "password_encryption", "search_path_locked",
     "zero_damaged_pages", "allow_system_table_mods", "local_preload_libraries",
     "session_preload_libraries", "dynamic_library_path"});

/// Names of functions count where nobody puts functions of their own: no schema or the server's.
bool is_built_in_schema(std::string_view dotted) {
    const std::size_t dot = dotted.find_last_of('.');
    const std::string_view schema = dotted.substr(0, dot);
    return dot == std::string_view::npos || schema == "pg_catalog" ||
           schema == "information_schema" || schema == "sys";
}

class Walker {
public:
    explicit Walker(model::Span span) { statement_.span = span; }

    Statement run(const json::object& node) {
        push_children("", node, Mood::Runs);
        while (!stack_.empty() && statement_.effects.size() < limits::kEffectsMax) {
            const Frame frame = stack_.back();
            stack_.pop_back();
            visit(frame);
        }
        drop_reads_of_ctes();
        if (!stack_.empty()) {
            add(EffectKind::Unknown, "", Place::Database, "more than can be listed");
        }
        return std::move(statement_);
    }

private:
    void push_children(std::string_view, const json::object& object, Mood mood) {
        for (const auto& [key, value] : object) {
            if (value.is_object() || value.is_array()) {
                stack_.push_back({std::string_view(key), &value, mood});
            }
        }
    }

    void visit(const Frame& frame) {
        if (const json::array* const list = frame.value->if_array()) {
            for (const json::value& item : *list) {
                stack_.push_back({frame.key, &item, frame.mood});
            }
            return;
        }
        const json::object* const object = frame.value->if_object();
        if (object == nullptr) {
            return;
        }
        Mood below = frame.mood;
        if (is_statement_node(frame.key)) {
            below = on_statement(frame.key, *object, frame.mood);
        } else if (frame.key == "FuncCall" || frame.key == "funccall") {
            on_function(*object, frame.mood);
        } else if (frame.key == "RangeVar") {
            on_relation_read(*object, frame.mood);
        } else if (frame.key == "CommonTableExpr") {
            ctes_.insert(std::string(text_of(*object, "ctename")));
        } else if (frame.key == "intoClause") {
            on_select_into(*object, frame.mood);
        } else if (frame.key == "AlterTableCmd") {
            on_alter_table_command(*object);
        }
        push_children(frame.key, *object, below);
    }

    void add(EffectKind kind, std::string target, Place place, std::string_view detail,
             bool recursive = false, bool reversible = false) {
        Effect effect;
        effect.kind = kind;
        effect.target = std::move(target);
        effect.place = place;
        effect.recursive = recursive;
        effect.reversible = reversible;
        effect.span = statement_.span;
        effect.detail = std::string(detail);
        std::string key =
            std::to_string(static_cast<int>(kind)) + '\n' + effect.target + '\n' + effect.detail;
        if (seen_.insert(std::move(key)).second) {
            statement_.effects.push_back(std::move(effect));
        }
    }

    void find(std::string_view kind, Severity severity, std::string why) {
        statement_.findings.push_back(
            {std::string(kind), severity, statement_.span, std::move(why)});
    }

    /// Returns the mood of what stands below.
    Mood on_statement(std::string_view name, const json::object& object, Mood mood) {
        const NodeFacts* const facts = facts_of_node(name);
        if (facts == nullptr) {
            raise_class(statement_, StatementClass::Administer);
            add(EffectKind::Unknown, std::string(name), Place::Database, "statement not known");
            return mood;
        }
        if (name == "ExplainStmt") {
            return explain_runs(object) ? mood : Mood::Planned;
        }
        if (mood == Mood::Planned) {
            return mood;
        }
        raise_class(statement_, facts->statement_class);
        on_special(name, object);
        if (facts->effect.has_value()) {
            add_statement_effects(*facts, object);
        }
        const bool stored =
            std::find(kStoresOnly.begin(), kStoresOnly.end(), name) != kStoresOnly.end();
        return stored ? Mood::Planned : mood;
    }

    void add_statement_effects(const NodeFacts& facts, const json::object& object) {
        const bool every_row = (facts.node == "DeleteStmt" || facts.node == "UpdateStmt") &&
                               member(object, "whereClause") == nullptr;
        const bool destructive = facts.statement_class == StatementClass::Destructive || every_row;
        if (every_row) {
            raise_class(statement_, StatementClass::Destructive);
            find("missing_where", Severity::Medium,
                 "changes or deletes every row: the statement has no WHERE");
        }
        std::vector<std::string> targets = targets_of(object);
        if (targets.empty()) {
            targets.emplace_back();
        }
        for (std::string& target : targets) {
            add(facts.effect.value(), std::move(target), facts.place, facts.detail, destructive,
                is_temporary(object));
        }
    }

    static bool is_temporary(const json::object& object) {
        for (const std::string_view key : {"relation", "view"}) {
            const json::value* const relation = member(object, key);
            if (relation != nullptr && relation->is_object() &&
                text_of(relation->get_object(), "relpersistence") == "t") {
                return true;
            }
        }
        const json::value* const into = member(object, "into");
        const json::value* const rel =
            into != nullptr && into->is_object() ? into->get_object().if_contains("rel") : nullptr;
        return rel != nullptr && rel->is_object() &&
               text_of(rel->get_object(), "relpersistence") == "t";
    }

    void on_special(std::string_view name, const json::object& object) {
        if (name == "CopyStmt") {
            on_copy(object);
        } else if (name == "VariableSetStmt") {
            on_set(object);
        } else if (name == "DoStmt") {
            read_code_block(body_of(object, "args"), statement_);
        } else if (name == "CreateFunctionStmt") {
            on_create_function(object);
        } else if (name == "LoadStmt") {
            find("server_code", Severity::High, "loads a library into the database server");
        } else if (name == "CreateRoleStmt" || name == "AlterRoleStmt") {
            on_role(object);
        }
    }

    void on_copy(const json::object& object) {
        const bool from = flag_of(object, "is_from");
        const std::string file(text_of(object, "filename"));
        const json::value* const relation = member(object, "relation");
        const std::string name = relation != nullptr && relation->is_object()
                                     ? relation_name(relation->get_object())
                                     : std::string();
        if (from) {
            raise_class(statement_, StatementClass::Write);
            add(EffectKind::DbWrite, name, Place::Database, "copies rows in");
        } else if (!name.empty()) {
            add(EffectKind::DbRead, name, Place::Database, "copies rows out");
        }
        if (flag_of(object, "is_program")) {
            raise_class(statement_, StatementClass::Administer);
            add(EffectKind::Execute, file, Place::Service, "program on the database server");
            find("server_code", Severity::Critical,
                 "COPY ... PROGRAM runs a shell command on the database server");
        } else if (!file.empty()) {
            raise_class(statement_, StatementClass::Administer);
            add(from ? EffectKind::SecretRead : EffectKind::Write, file,
                from ? Place::Secret : Place::System, "file of the database server");
        }
    }

    void on_set(const json::object& object) {
        const std::string name = lowered(text_of(object, "name"));
        if (std::find(kRoleSettings.begin(), kRoleSettings.end(), name) != kRoleSettings.end()) {
            add(EffectKind::Privilege, name, Place::Database, "changes whose rights count");
        } else if (std::find(kGuardSettings.begin(), kGuardSettings.end(), name) !=
                   kGuardSettings.end()) {
            add(EffectKind::Configure, name, Place::Database, "changes a protection");
            find("guard_disabled", Severity::Medium,
                 "changes " + name + ", on which a protection of the database rests");
        }
    }

    void on_role(const json::object& object) {
        const json::value* const options = member(object, "options");
        if (options == nullptr || !options->is_array()) {
            return;
        }
        for (const json::value& option : options->get_array()) {
            const json::value* const element =
                option.is_object() ? option.get_object().if_contains("DefElem") : nullptr;
            if (element != nullptr && element->is_object() &&
                text_of(element->get_object(), "defname") == "superuser") {
                find("privilege_change", Severity::High, "makes or unmakes a superuser");
            }
        }
    }

    void on_create_function(const json::object& object) {
        static constexpr auto kTrusted =
            std::to_array<std::string_view>({"sql", "plpgsql", "plperl", "pltcl", "plv8", ""});
        const std::string language = lowered(body_of(object, "options", "language"));
        if (std::find(kTrusted.begin(), kTrusted.end(), language) == kTrusted.end()) {
            raise_class(statement_, StatementClass::Administer);
            add(EffectKind::Execute, language, Place::Service, "code in the database server");
            find("server_code", Severity::High,
                 "creates a function in " + language + ", which may do anything on the server");
        }
        if (!option_text(object, "options", "security").empty()) {
            find("privilege_change", Severity::Medium, "the function runs with its owner's rights");
        }
    }

    /// "yes" when the list has the option, with or without a value.
    static std::string option_text(const json::object& object, std::string_view list,
                                   std::string_view option) {
        const json::value* const options = member(object, list);
        if (options == nullptr || !options->is_array()) {
            return {};
        }
        for (const json::value& item : options->get_array()) {
            const json::value* const element =
                item.is_object() ? item.get_object().if_contains("DefElem") : nullptr;
            if (element != nullptr && element->is_object() &&
                text_of(element->get_object(), "defname") == option) {
                return "yes";
            }
        }
        return {};
    }

    /// Text of the DefElem `option` in a list of options: a String or a list of Strings.
    static std::string body_of(const json::object& object, std::string_view list,
                               std::string_view option = "as") {
        const json::value* const options = member(object, list);
        if (options == nullptr || !options->is_array()) {
            return {};
        }
        for (const json::value& item : options->get_array()) {
            const json::value* const element =
                item.is_object() ? item.get_object().if_contains("DefElem") : nullptr;
            if (element == nullptr || !element->is_object() ||
                text_of(element->get_object(), "defname") != option) {
                continue;
            }
            const json::value* const argument = element->get_object().if_contains("arg");
            const json::value* const string = argument != nullptr && argument->is_object()
                                                  ? argument->get_object().if_contains("String")
                                                  : nullptr;
            if (string != nullptr && string->is_object()) {
                return std::string(text_of(string->get_object(), "sval"));
            }
        }
        return {};
    }

    bool explain_runs(const json::object& object) {
        const bool analyze = !option_text(object, "options", "analyze").empty();
        return analyze;
    }

    void on_function(const json::object& object, Mood mood) {
        const json::value* const list = member(object, "funcname");
        const std::string name = list == nullptr ? std::string() : lowered(dotted_name(*list));
        const std::string last = name.substr(name.find_last_of('.') + 1);
        if (mood == Mood::Planned) {
            return;
        }
        if (is_delay_function(last)) {
            find("delay", Severity::Medium, last + " only waits");
        }
        const FunctionFacts* facts = unsafe_function(last);
        facts = facts == nullptr ? unsafe_function(name) : facts;
        if (facts != nullptr) {
            on_unsafe_function(*facts, last, object);
        } else if (!is_harmless_function(last) || !is_built_in_schema(name)) {
            add(EffectKind::Eval, name, Place::Database, "function that somebody defined");
        }
    }

    void on_unsafe_function(const FunctionFacts& facts, const std::string& name,
                            const json::object& call) {
        const json::value* const arguments = member(call, "args");
        std::string first;
        if (arguments != nullptr && arguments->is_array() && !arguments->get_array().empty()) {
            first = std::string(literal_of(arguments->get_array().front()));
        }
        const bool role_setting =
            name == "set_config" && (first == "role" || first == "session_authorization");
        if (role_setting) {
            add(EffectKind::Privilege, first, Place::Database, "changes whose rights count");
            return;
        }
        add(facts.effect, first, facts.place, name + " " + std::string(facts.detail));
        if (facts.effect == EffectKind::Execute) {
            find("server_code", Severity::High, name + " " + std::string(facts.detail));
        }
    }

    void on_relation_read(const json::object& object, Mood mood) {
        const std::string name = relation_name(object);
        if (name.empty() || mood == Mood::Planned) {
            return;
        }
        const std::string lower = lowered(name);
        const std::string last = lower.substr(lower.find_last_of('.') + 1);
        if (is_credential_relation(lower) || is_credential_relation(last)) {
            add(EffectKind::SecretRead, name, Place::Secret, "credentials of the database");
        } else {
            add(EffectKind::DbRead, name, Place::Database, "");
        }
    }

    void on_select_into(const json::object& object, Mood mood) {
        const json::value* const rel = member(object, "rel");
        if (mood == Mood::Runs && rel != nullptr && rel->is_object()) {
            raise_class(statement_, StatementClass::Schema);
            add(EffectKind::DbSchema, relation_name(rel->get_object()), Place::Database,
                "creates a table", false, text_of(rel->get_object(), "relpersistence") == "t");
        }
    }

    void on_alter_table_command(const json::object& object) {
        const std::string_view what = text_of(object, "subtype");
        if (what.starts_with("AT_DropColumn")) {
            raise_class(statement_, StatementClass::Destructive);
            add(EffectKind::DbSchema, std::string(text_of(object, "name")), Place::Database,
                "drops a column", true);
        } else if (what.starts_with("AT_DisableTrig") || what == "AT_DisableRowSecurity" ||
                   what == "AT_NoForceRowSecurity" || what == "AT_DisableRule") {
            find("guard_disabled", Severity::Medium,
                 "disables a trigger, rule or row policy of the table");
        }
    }

    void drop_reads_of_ctes() {
        std::erase_if(statement_.effects, [&](const Effect& effect) {
            return effect.kind == EffectKind::DbRead && ctes_.count(effect.target) != 0;
        });
    }

    Statement statement_;
    std::vector<Frame> stack_;
    std::set<std::string> ctes_;
    std::set<std::string> seen_;
};

struct BlockWord {
    std::string_view word;
    StatementClass statement_class;
    EffectKind effect;
    bool recursive;
    std::string_view detail;
};

constexpr auto kBlockWords = std::to_array<BlockWord>({
    {"drop", StatementClass::Session, EffectKind::DbSchema, true, "a code block that drops"},
    {"truncate", StatementClass::Session, EffectKind::DbWrite, true, "a code block that truncates"},
    {"delete", StatementClass::Session, EffectKind::DbWrite, true, "a code block that deletes"},
    {"update", StatementClass::Session, EffectKind::DbWrite, false, "a code block that updates"},
    {"insert", StatementClass::Session, EffectKind::DbWrite, false, "a code block that inserts"},
    {"alter", StatementClass::Session, EffectKind::DbSchema, false, "a code block that alters"},
    {"create", StatementClass::Session, EffectKind::DbSchema, false, "a code block that creates"},
    {"grant", StatementClass::Session, EffectKind::Identity, false, "a code block that grants"},
    {"copy", StatementClass::Session, EffectKind::DbWrite, false, "a code block that copies"},
    {"execute", StatementClass::Session, EffectKind::Eval, false,
     "a code block that runs SQL from a string"},
});

}  // namespace

Statement read_statement(const json::object& node, model::Span span) {
    return Walker(span).run(node);
}

void read_code_block(std::string_view body, Statement& statement) {
    for (const Token& token : lex(body, Dialect::Postgres)) {
        for (const BlockWord& row : kBlockWords) {
            if (!is_word(body, token, row.word)) {
                continue;
            }
            Effect effect;
            effect.kind = row.effect;
            effect.place = Place::Database;
            effect.recursive = row.recursive;
            effect.conditional = true;
            effect.span = statement.span;
            effect.detail = std::string(row.detail);
            if (std::find(statement.effects.begin(), statement.effects.end(), effect) ==
                statement.effects.end()) {
                statement.effects.push_back(std::move(effect));
            }
        }
    }
}

void raise_class(Statement& statement, StatementClass to) {
    statement.statement_class = std::max(statement.statement_class, to);
}

}  // namespace countersign::sql
