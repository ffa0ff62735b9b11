// Agreement with the labels of the shared corpus (PostgreSQL 18's grammar and log classes), of
// which some statements are newer than the grammar of PostgreSQL 15 that we link.
#include <boost/json.hpp>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

#include "sql/sql.h"

namespace countersign::sql {
namespace {

namespace json = boost::json;

std::string label_of(const SqlFacts& facts) {
    if (!facts.ok) {
        return "pg_syntax_error";
    }
    StatementClass most = StatementClass::Read;
    for (const Statement& statement : facts.statements) {
        most = std::max(most, statement.statement_class);
    }
    switch (most) {
        case StatementClass::Read:
            return "read";
        case StatementClass::Session:
            return "session";
        case StatementClass::Write:
            return "write";
        case StatementClass::Schema:
        case StatementClass::Administer:
            return "ddl";
        case StatementClass::Destructive:
            return "destructive";
    }
    return "";
}

TEST(SqlCorpus, AgreesWithTheServersOwnClasses) {
    std::ifstream file(COUNTERSIGN_DATA_DIR "/data/sql_statements.jsonl");
    if (!file) {
        GTEST_SKIP() << "the shared data is absent";
    }
    std::map<std::string, long> wrong;
    long rows = 0;
    long agree = 0;
    std::string line;
    while (std::getline(file, line)) {
        const json::value row = json::parse(line);
        const std::string label(row.at("label").as_string());
        const std::string got = label_of(analyze(std::string(row.at("sql").as_string())));
        ++rows;
        if (got == label) {
            ++agree;
        } else if (++wrong[label + " -> " + got] <= 3) {
            std::cout << label << " -> " << got << ": "
                      << std::string(row.at("sql").as_string()).substr(0, 150) << "\n";
        }
    }
    for (const auto& [what, count] : wrong) {
        std::cout << count << " " << what << "\n";
    }
    std::cout << agree << " of " << rows << "\n";
    EXPECT_GE(static_cast<double>(agree), 0.995 * static_cast<double>(rows));
}

}  // namespace
}  // namespace countersign::sql
