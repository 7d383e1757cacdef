<?php

declare(strict_types=1);

namespace MikoPBX\Licensed\Played;

/**
 * How today's MikoPBX calls `http://127.0.0.1:8223/license.api/<method>`: one new connection for a call, and
 * 25 seconds for an answer.
 */
final class LicenseApi
{
    public const FEATURE_METHODS = ['capturefeature', 'featureavailable', 'releasefeature'];

    private const SECONDS = 25;

    /** @param string $url `http://127.0.0.1:8223`, or `unix:` and the path of a socket */
    public function __construct(private readonly string $url)
    {
    }

    /**
     * @param array<string, string|int> $parameters
     * @param string $shape how a feature method is asked: `get`, or `post` with a query string all the same;
     *                      everything else is a form
     * @param ?int $hangUpMs the caller goes away that early
     */
    public function call(string $method, array $parameters, string $shape = 'get', ?int $hangUpMs = null): Answer
    {
        $encoded = http_build_query($parameters);
        $inQuery = in_array($method, self::FEATURE_METHODS, true) || $shape === 'query';
        $options = [
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => $hangUpMs ?? self::SECONDS * 1000,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_PROXY => '',
        ];
        $base = $this->url;
        if (str_starts_with($base, 'unix:')) {
            $options[CURLOPT_UNIX_SOCKET_PATH] = substr($base, strlen('unix:'));
            $base = 'http://localhost';
        }
        $url = "$base/license.api/$method";
        if ($inQuery) {
            $url .= $encoded === '' ? '' : "?$encoded";
            if ($shape === 'post') {
                $options += [CURLOPT_POST => true, CURLOPT_POSTFIELDS => ''];
            }
        } else {
            // A string, which curl sends as application/x-www-form-urlencoded.
            $options += [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $encoded];
        }
        $curl = curl_init($url);
        curl_setopt_array($curl, $options);
        $started = hrtime(true);
        $body = curl_exec($curl);
        $milliseconds = (hrtime(true) - $started) / 1e6;
        return new Answer(
            $method,
            curl_errno($curl) === 0 ? curl_getinfo($curl, CURLINFO_RESPONSE_CODE) : 0,
            is_string($body) ? $body : '',
            curl_error($curl),
            $milliseconds,
        );
    }
}
