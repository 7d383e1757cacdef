<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Wire;

/**
 * The end of one call, on the monotonic clock: setting the wall clock moves nothing.
 *
 * @internal
 */
final class Deadline
{
    private readonly int $end;

    public function __construct(public readonly float $seconds)
    {
        $this->end = hrtime(true) + (int) ($seconds * 1e9);
    }

    /** Microseconds to go; 0 once it has passed. */
    public function remaining(): int
    {
        return max(0, intdiv($this->end - hrtime(true), 1000));
    }
}
