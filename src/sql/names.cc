#include "sql/names.h"

#include <array>
#include <boost/json.hpp>

namespace countersign::sql {
namespace {

namespace json = boost::json;

// In the order in which they tell most.
constexpr auto kTargetMembers = std::to_array<std::string_view>(
    {"relation",       "relations",       "view",          "objects",
     "object",         "defnames",        "funcname",      "func",
     "typevar",        "typeName",        "sequence",      "roles",
     "role",           "grantees",        "granted_roles", "dbname",
     "extname",        "plname",          "servername",    "fdwname",
     "tablespacename", "subname",         "pubname",       "schemaname",
     "domainname",     "conversion_name", "amname",        "policy_name",
     "trigname",       "evtname",         "name",          "filename"});

void add(std::vector<std::string>& names, std::string name) {
    if (!name.empty()) {
        names.push_back(std::move(name));
    }
}

void add_names(std::vector<std::string>& names, const json::value& value);

void add_node(std::vector<std::string>& names, std::string_view key, const json::value& value) {
    const json::object* const object = value.if_object();
    if (object == nullptr) {
        return;
    }
    if (key == "RangeVar") {
        add(names, relation_name(*object));
    } else if (key == "RoleSpec") {
        add(names, std::string(text_of(*object, "rolename")));
    } else if (key == "String") {
        add(names, std::string(text_of(*object, "sval")));
    } else if (key == "List") {
        if (const json::value* const items = member(*object, "items")) {
            add(names, dotted_name(*items));
        }
    } else if (key == "ObjectWithArgs") {
        if (const json::value* const name = member(*object, "objname")) {
            add(names, dotted_name(*name));
        }
    } else if (key == "TypeName") {
        if (const json::value* const list = member(*object, "names")) {
            add(names, dotted_name(*list));
        }
    } else if (key == "AccessPriv") {
        add(names, std::string(text_of(*object, "priv_name")));
    }
}

/// A member in one of its shapes: a string, an inline RangeVar, RoleSpec or TypeName, a node, or a
/// list of nodes. A list of plain Strings is one dotted name.
void add_names(std::vector<std::string>& names, const json::value& value) {
    if (const json::string* const text = value.if_string()) {
        add(names, std::string(*text));
    } else if (const json::object* const object = value.if_object()) {
        if (object->contains("relname")) {
            add(names, relation_name(*object));
        } else if (object->contains("rolename")) {
            add(names, std::string(text_of(*object, "rolename")));
        } else if (object->contains("objname")) {
            add_node(names, "ObjectWithArgs", value);
        } else if (object->contains("names")) {
            add_node(names, "TypeName", value);
        } else if (object->size() == 1) {
            add_node(names, object->begin()->key(), object->begin()->value());
        }
    } else if (const json::array* const list = value.if_array()) {
        const std::string dotted = dotted_name(value);
        if (!dotted.empty()) {
            add(names, dotted);
            return;
        }
        for (const json::value& item : *list) {
            if (item.is_object() && item.get_object().size() == 1) {
                add_node(names, item.get_object().begin()->key(),
                         item.get_object().begin()->value());
            }
        }
    }
}

}  // namespace

const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(name);
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    const json::string* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

bool flag_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

std::string relation_name(const json::object& range_var) {
    std::string name;
    for (const std::string_view part : {"catalogname", "schemaname", "relname"}) {
        const std::string_view text = text_of(range_var, part);
        if (!text.empty()) {
            name += name.empty() ? "" : ".";
            name += text;
        }
    }
    return name;
}

std::string dotted_name(const json::value& list) {
    std::string name;
    const json::array* const items = list.if_array();
    if (items == nullptr) {
        return name;
    }
    for (const json::value& item : *items) {
        const json::object* const node = item.if_object();
        const json::value* const string = node == nullptr ? nullptr : node->if_contains("String");
        if (string == nullptr || !string->is_object()) {
            return {};
        }
        name += name.empty() ? "" : ".";
        name += text_of(string->get_object(), "sval");
    }
    return name;
}

std::vector<std::string> targets_of(const json::object& statement) {
    std::vector<std::string> names;
    for (const std::string_view key : kTargetMembers) {
        const json::value* const value = statement.if_contains(key);
        if (value == nullptr) {
            continue;
        }
        // DROP SCHEMA a, b lists plain Strings, each of which is a name of its own.
        if (key == "objects" && value->is_array()) {
            for (const json::value& item : value->get_array()) {
                add_names(names, item);
            }
        } else {
            add_names(names, *value);
        }
        if (!names.empty()) {
            return names;
        }
    }
    const json::value* const into = statement.if_contains("into");
    if (into != nullptr && into->is_object() && into->get_object().contains("rel")) {
        add_names(names, into->get_object().at("rel"));
    }
    return names;
}

std::string_view literal_of(const json::value& expression) {
    const json::value* at = &expression;
    for (const std::string_view step : {"A_Const", "sval"}) {
        const json::object* const object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(step);
        if (at == nullptr) {
            return {};
        }
    }
    return at->is_object() ? text_of(at->get_object(), "sval") : std::string_view();
}

}  // namespace countersign::sql
