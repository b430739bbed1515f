-- For wrk: asks for speech. Two frames come back where the engine takes no time.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"input": "Hello there.", "response_format": "pcm"}'
