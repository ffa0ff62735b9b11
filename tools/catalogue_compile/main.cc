// catalogue_compile OUT_TABLES OUT_EXAMPLES FILE.toml...: compiles the catalogue into C++ tables.
// A malformed entry is an error "file:line: what" and exit status 1; nothing is written then.
#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <sstream>
#include <toml++/toml.h>

#include "builder.h"

namespace countersign::tools {

namespace {

namespace table = catalogue::table;

/// One catalogue file being read; remembers the first problem.
class Reader {
public:
    Reader(std::string file, Builder& builder) : file_(std::move(file)), builder_(builder) {}

    /// False when a problem was printed.
    bool read() {
        toml::table root;
        try {
            root = toml::parse_file(file_);
        } catch (const toml::parse_error& error) {
            complain(error.source(), std::string(error.description()));
            return false;
        }
        for (auto&& [key, node] : root) {
            const toml::array* programs = node.as_array();
            if (key != "program" || programs == nullptr) {
                complain(key.source(), "expected [[program]] only");
                return false;
            }
            for (const toml::node& program : *programs) {
                read_program(program);
            }
        }
        return good_;
    }

private:
    void complain(const toml::source_region& where, const std::string& what) {
        std::cerr << file_ << ":" << where.begin.line << ": " << what << "\n";
        good_ = false;
    }

    void read_program(const toml::node& node) {
        const toml::table* body = node.as_table();
        if (body == nullptr) {
            complain(node.source(), "a program is a table");
            return;
        }
        FormSpec spec;
        const toml::array* names = (*body)["names"].as_array();
        if (names == nullptr || names->empty()) {
            complain(node.source(), "a program needs names");
            return;
        }
        for (const toml::node& name : *names) {
            spec.names.push_back(name.value_or(std::string()));
        }
        examples_ = 0;
        program_ = spec.names.front();
        read_form(*body, spec);
        if (spec.program_class.empty()) {
            complain(node.source(), "program '" + program_ + "' needs a class");
        }
        if (examples_ == 0) {
            complain(node.source(), "program '" + program_ + "' has no example");
        }
        if (const auto problem = builder_.add(spec)) {
            complain(node.source(), problem->what);
        }
    }

    void read_form(const toml::table& body, FormSpec& spec) {
        for (auto&& [key, node] : body) {
            if (const toml::table* sub = node.as_table()) {
                read_sub(std::string(key.str()), *sub, spec);
            } else {
                read_key(key, node, spec);
            }
        }
    }

    void read_sub(const std::string& key, const toml::table& body, FormSpec& parent) {
        FormSpec sub;
        sub.style = parent.style;
        std::istringstream names(key);
        for (std::string name; std::getline(names, name, '|');) {
            sub.names.push_back(name);
        }
        read_form(body, sub);
        for (const FormSpec& other : parent.subs) {
            for (const std::string& name : sub.names) {
                if (std::find(other.names.begin(), other.names.end(), name) != other.names.end()) {
                    complain(body.source(), "subcommand '" + name + "' is defined twice");
                }
            }
        }
        parent.subs.push_back(std::move(sub));
    }

    void read_key(const toml::key& key, const toml::node& node, FormSpec& spec) {
        if (key == "names") {
            return;
        }
        if (key == "options") {
            read_list(node, spec.options, parse_option);
        } else if (key == "operands") {
            read_list(node, spec.operands, parse_operand);
        } else if (key == "effects") {
            read_effects(node, spec);
        } else if (key == "examples") {
            read_examples(node);
        } else if (key == "class" && node.is_string()) {
            spec.program_class = node.value_or(std::string());
        } else if (key == "style" && node.is_string()) {
            read_style(node, spec);
        } else if (!read_mark(key, node, spec)) {
            complain(key.source(), "no such key, or not of its type: " + std::string(key.str()));
        }
    }

    bool read_mark(const toml::key& key, const toml::node& node, FormSpec& spec) {
        struct MarkName {
            std::string_view name;
            std::uint8_t mark;
        };
        static constexpr std::array kMarks = {
            MarkName{"lax", table::kLax}, MarkName{"numbers", table::kNumbers},
            MarkName{"scan", table::kScan}, MarkName{"plus", table::kPlus}};
        for (const MarkName& entry : kMarks) {
            if (key == entry.name && node.is_boolean()) {
                if (node.value_or(false)) {
                    spec.marks = static_cast<std::uint8_t>(spec.marks | entry.mark);
                }
                return true;
            }
        }
        return false;
    }

    void read_style(const toml::node& node, FormSpec& spec) {
        static constexpr std::array<std::string_view, 5> kStyles = {"gnu", "posix", "long",
                                                                    "bundle", "plain"};
        const std::string name = node.value_or(std::string());
        const auto* found = std::find(kStyles.begin(), kStyles.end(), name);
        if (found == kStyles.end()) {
            complain(node.source(), "no such style: " + name);
            return;
        }
        spec.style = static_cast<table::Style>(found - kStyles.begin());
    }

    template <class T>
    void read_list(const toml::node& node, std::vector<T>& out,
                   Parsed<T> (*parse)(std::string_view)) {
        const toml::array* list = node.as_array();
        if (list == nullptr) {
            complain(node.source(), "expected a list of strings");
            return;
        }
        for (const toml::node& entry : *list) {
            auto parsed = parse(entry.value_or(std::string()));
            if (const auto* problem = std::get_if<Problem>(&parsed)) {
                complain(entry.source(), problem->what);
            } else {
                out.push_back(std::get<T>(std::move(parsed)));
            }
        }
    }

    void read_effects(const toml::node& node, FormSpec& spec) {
        std::vector<std::vector<ActSpec>> lists;
        read_list(node, lists, parse_acts);
        for (const auto& list : lists) {
            spec.acts.insert(spec.acts.end(), list.begin(), list.end());
        }
    }

    void read_examples(const toml::node& node) {
        const toml::array* list = node.as_array();
        if (list == nullptr) {
            complain(node.source(), "examples are a list of strings");
            return;
        }
        for (const toml::node& entry : *list) {
            const std::string text = entry.value_or(std::string());
            const std::size_t slash = file_.rfind('/');
            builder_.add_example({program_,
                                  file_.substr(slash == std::string::npos ? 0 : slash + 1),
                                  static_cast<int>(entry.source().begin.line), text});
            ++examples_;
        }
    }

    std::string file_;
    Builder& builder_;
    std::string program_;
    std::size_t examples_ = 0;
    bool good_ = true;
};

int compile(const std::vector<std::string>& arguments) {
    if (arguments.size() < 3) {
        std::cerr << "usage: catalogue_compile OUT_TABLES OUT_EXAMPLES FILE.toml...\n";
        return 2;
    }
    Builder builder;
    bool good = true;
    for (std::size_t i = 2; i < arguments.size(); ++i) {
        good = Reader(arguments[i], builder).read() && good;
    }
    if (!good) {
        return 1;
    }
    std::ofstream tables(arguments[0]);
    builder.print_tables(tables);
    std::ofstream examples(arguments[1]);
    builder.print_examples(examples);
    return tables.good() && examples.good() ? 0 : 1;
}

}  // namespace

}  // namespace countersign::tools

int main(int argc, char** argv) {
    return countersign::tools::compile(std::vector<std::string>(argv + 1, argv + argc));
}
