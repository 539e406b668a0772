;; POSTs each line of hex from standard input, and prints each reply as one.

(use-modules (ice-9 rdelim) (rnrs bytevectors) (web client) (web response))

(define (decode line)
  (let* ((size (quotient (string-length line) 2)) (bytes (make-bytevector size)))
    (do ((i 0 (+ i 1))) ((= i size) bytes)
      (bytevector-u8-set! bytes i
        (string->number (substring line (* 2 i) (* 2 (+ i 1))) 16)))))

(define (encode bytes)
  (string-concatenate
    (map (lambda (byte) (string-pad (number->string byte 16) 2 #\0))
         (bytevector->u8-list bytes))))

(let ((url (cadr (command-line))))
  (let ask ((line (read-line)))
    (unless (eof-object? line)
      (call-with-values
        (lambda () (http-post url #:body (decode line) #:decode-body? #f))
        (lambda (response body)
          (unless (= (response-code response) 200) (exit 1))
          (display (encode (or body (make-bytevector 0))))
          (newline)
          (force-output)))
      (ask (read-line)))))
