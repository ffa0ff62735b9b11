// Rows of the shared evaluation data, for this room's tests only. Tests read it in place and say
// when it is absent; nothing here executes any of it.
#pragma once

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "text/json.h"

namespace countersign::shell {

struct TestRow {
    std::string id;
    std::string text;
    std::string original;       ///< what an obfuscated text was made of
    std::optional<bool> valid;  ///< bash -n's verdict
};

inline std::string test_data_directory() {
    return std::string(COUNTERSIGN_DATA_DIR) + "/data/";
}

inline bool test_data_present() {
    return std::ifstream(test_data_directory() + "nl2bash.jsonl").good();
}

std::vector<TestRow> test_rows(const std::string& set);
std::vector<std::string> test_commands(const std::string& set);

}  // namespace countersign::shell
