// What the memo of assessments keeps, and what an agent cannot make it keep.
#include "gate/assessment_memo.h"

#include <gtest/gtest.h>

namespace countersign::gate {
namespace {

model::ActionRequest start_of(std::string program) {
    model::ActionRequest request;
    request.action.kind = model::ActionKind::Exec;
    request.action.argv = {std::move(program)};
    return request;
}

TEST(AssessmentMemo, KeepsSmallActionsUntilTheOldestMakesRoom) {
    const Redactor redactor("key");
    AssessmentMemo memo(redactor);
    for (std::size_t i = 0; i <= AssessmentMemo::kEntriesMax; ++i) {
        Meaning meaning;
        meaning.why_unknown = std::to_string(i);
        memo.keep(std::to_string(i), start_of("true"), std::move(meaning));
    }
    EXPECT_EQ(memo.size(), AssessmentMemo::kEntriesMax);
    EXPECT_EQ(memo.find("0"), nullptr);
    ASSERT_NE(memo.find("1"), nullptr);
    EXPECT_EQ(memo.find("1")->why_unknown, "1");
    memo.clear();
    EXPECT_EQ(memo.find("1"), nullptr);
}

// Attack: a thousand actions, each with megabytes of environment or content, to fill the memory.
TEST(AssessmentMemo, FillingItWithLargeEnvironmentsKeepsOneOfThem) {
    const Redactor redactor("key");
    AssessmentMemo memo(redactor);
    for (int i = 0; i < 8; ++i) {
        model::ActionRequest request = start_of("true");
        request.context.environment["PATH"] = std::string(AssessmentMemo::kEntryBytesMax, 'x');
        ASSERT_NE(memo.keep("large " + std::to_string(i), request, {}), nullptr);
    }
    EXPECT_EQ(memo.size(), 0U);
    EXPECT_EQ(memo.find("large 6"), nullptr);
    EXPECT_NE(memo.find("large 7"), nullptr);
}

// Attack: a short text that expands to very many words and effects.
TEST(AssessmentMemo, AShortTextWithAVeryLongMeaningIsNotKept) {
    const Redactor redactor("key");
    AssessmentMemo memo(redactor);
    Meaning meaning;
    meaning.assessment.effects.resize(1000);
    memo.keep("braces", start_of("rm"), std::move(meaning));
    EXPECT_EQ(memo.size(), 0U);
}

}  // namespace
}  // namespace countersign::gate
