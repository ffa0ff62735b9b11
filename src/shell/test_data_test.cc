#include "shell/test_data.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace countersign::shell {

std::vector<TestRow> test_rows(const std::string& set) {
    std::vector<TestRow> rows;
    std::ifstream file(test_data_directory() + set + ".jsonl");
    std::string line;
    while (std::getline(file, line)) {
        auto parsed = text::parse_json(line, 16 * 1024 * 1024);
        if (!parsed.ok()) {
            continue;
        }
        const boost::json::object& row = parsed.value().as_object();
        if (!row.contains("cmd")) {
            continue;
        }
        TestRow out;
        out.id = std::string(row.at("id").as_string());
        out.text = std::string(row.at("cmd").as_string());
        if (const auto* original = row.if_contains("original");
            original != nullptr && original->is_string()) {
            out.original = std::string(original->as_string());
        }
        if (const auto* rc = row.if_contains("bash_n_rc"); rc != nullptr && rc->is_int64()) {
            out.valid = rc->as_int64() == 0;
        } else if (const auto* ok = row.if_contains("bash_n_ok"); ok != nullptr && ok->is_bool()) {
            out.valid = ok->as_bool();
        }
        rows.push_back(std::move(out));
    }
    return rows;
}

std::vector<std::string> test_commands(const std::string& set) {
    std::vector<std::string> texts;
    for (TestRow& row : test_rows(set)) {
        texts.push_back(std::move(row.text));
    }
    return texts;
}

}  // namespace countersign::shell
