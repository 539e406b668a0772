;; Answers each POST with its body, last byte first, on the port it is given.

(use-modules (rnrs bytevectors) (web server))

(define (answer request body)
  (values '((content-type . (application/octet-stream)))
          (u8-list->bytevector
            (reverse (bytevector->u8-list (or body (make-bytevector 0)))))))

(run-server answer 'http (list #:port (string->number (cadr (command-line)))))
