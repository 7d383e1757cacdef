<?php

declare(strict_types=1);

namespace ModuleLoader;

use MikoPBX\Licensed\Verdict;

/**
 * Prints for people or for scripts. Each method gives the exit code.
 */
final readonly class Output
{
    private const FLAGS = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE
        | JSON_THROW_ON_ERROR;

    public function __construct(private Wording $wording, private bool $isJson)
    {
    }

    /**
     * @param list<Report> $reports
     */
    public function reports(array $reports): int
    {
        if ($this->isJson) {
            self::json(array_map(fn (Report $report): array => [
                'event' => $report->event->value,
                'module' => $report->module,
                'product' => $report->product,
                'feature' => $report->feature,
                'code' => $report->code,
                'trial' => $report->trial,
                'text' => $this->wording->report($report),
            ], $reports));
        } else {
            self::lines(array_map($this->wording->report(...), $reports));
        }
        $isTrouble = array_filter($reports, static fn (Report $report): bool => $report->event->isTrouble()) !== [];
        $isWithoutAnswer = array_filter(array_column($reports, 'isWithoutAnswer')) !== [];
        return match (true) {
            $isWithoutAnswer => 3,
            $isTrouble => 1,
            default => 0,
        };
    }

    /**
     * @param list<Module> $modules
     */
    public function modules(array $modules): int
    {
        if ($this->isJson) {
            self::json(array_map(fn (Module $module): array => [
                'module' => $module->id,
                'condition' => $module->condition()->value,
                'since' => $module->since,
                'product' => $module->product,
                'feature' => $module->feature,
                'code' => $module->reason()?->code,
                'trial' => $module->trial,
                'text' => $this->wording->remarks($module),
            ], $modules));
            return 0;
        }
        self::table(array_map(fn (Module $module): array => [
            $module->id,
            $this->wording->condition($module),
            $this->wording->remarks($module),
        ], $modules));
        return 0;
    }

    /**
     * @param list<array{string, Verdict}> $verdicts
     */
    public function survey(array $verdicts): int
    {
        if ($this->isJson) {
            self::json(array_map(static fn (array $said): array => [
                'module' => $said[0],
                'feature' => $said[1]->feature,
                'product' => $said[1]->product,
                'enable' => $said[1]->mayRun(),
                'verdict' => $said[1]->kind->value,
                'basis' => $said[1]->basis?->value,
                'code' => $said[1]->code,
                'message' => $said[1]->message,
            ], $verdicts));
        } else {
            self::table(array_map(static fn (array $said): array => [
                $said[0],
                $said[1]->mayRun() ? 'yes' : 'no',
                $said[1]->kind->value,
                'feature ' . ($said[1]->feature ?? '-'),
                'product ' . ($said[1]->product ?? '-'),
                $said[1]->message,
            ], $verdicts));
        }
        foreach ($verdicts as [, $verdict]) {
            if ($verdict->failure?->kind->isWithoutAnswer() === true) {
                return 3;
            }
        }
        return 0;
    }

    /**
     * @param list<mixed> $rows
     */
    private static function json(array $rows): void
    {
        echo json_encode($rows, self::FLAGS), "\n";
    }

    /**
     * @param list<list<string>> $rows
     */
    private static function table(array $rows): void
    {
        $widths = [];
        foreach ($rows as $row) {
            foreach ($row as $column => $cell) {
                $widths[$column] = max($widths[$column] ?? 0, self::width($cell));
            }
        }
        $pad = static fn (string $cell, int $width): string => $cell . str_repeat(' ', $width - self::width($cell));
        self::lines(array_map(
            static fn (array $row): string => implode('  ', array_map($pad, $row, $widths)),
            $rows,
        ));
    }

    /** In characters, where it is UTF-8. */
    private static function width(string $cell): int
    {
        $characters = [];
        return preg_match_all('/\X/u', $cell, $characters) ?: strlen($cell);
    }

    /**
     * One line each, and nothing that a terminal would act on, whatever a module calls itself.
     *
     * @param list<string> $lines
     */
    private static function lines(array $lines): void
    {
        foreach ($lines as $line) {
            echo rtrim((string) preg_replace('/[\x00-\x1F\x7F]+/', ' ', $line)), "\n";
        }
    }
}
