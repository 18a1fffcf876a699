{{- /* Written with what the template language of Go has itself: the tests render it with that engine. */ -}}
{{- define "till.labels" }}
    app.kubernetes.io/name: tillwright
    app.kubernetes.io/instance: {{ .Release.Name | printf "%q" }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | printf "%q" }}
    app.kubernetes.io/managed-by: {{ .Release.Service | printf "%q" }}
{{- end }}

{{- define "till.podSecurity" }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
{{- if .Values.nodeSelector }}
      nodeSelector:
{{- range $key, $value := .Values.nodeSelector }}
        {{ printf "%q: %q" $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.containerSecurity" }}
          image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | printf "%q" }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
{{- end }}

{{- define "till.clone" }}
{{- if not .Values.repository.existingClaim }}
      initContainers:
        - name: clone
{{- template "till.containerSecurity" . }}
          command: [git, clone, --quiet, --branch, {{ .Values.repository.branch | printf "%q" }}, --, {{ .Values.repository.url | printf "%q" }}, /repository]
{{- if .Values.repository.sshSecret }}
          env:
            - name: GIT_SSH_COMMAND
              value: ssh -i /etc/till/clone/id -o IdentitiesOnly=yes -o UserKnownHostsFile=/etc/till/clone/known_hosts -o StrictHostKeyChecking=yes
{{- end }}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 512Mi}
          volumeMounts:
            - {name: repository, mountPath: /repository}
            - {name: temporary, mountPath: /tmp}
{{- if .Values.repository.sshSecret }}
            - {name: clone, mountPath: /etc/till/clone, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.environment" }}
            - name: TILL_STATE
              valueFrom:
                secretKeyRef:
                  name: {{ .Values.state.secret.name | printf "%q" }}
                  key: {{ .Values.state.secret.key | printf "%q" }}
{{- end }}

{{- define "till.environmentFrom" }}
{{- if .Values.environmentSecrets }}
          envFrom:
{{- range .Values.environmentSecrets }}
            - secretRef: {name: {{ . | printf "%q" }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "till.mounts" }}
            - {name: repository, mountPath: /repository}
            - {name: temporary, mountPath: /tmp}
{{- if .Values.state.caSecret }}
            - {name: state-ca, mountPath: /etc/till/state, readOnly: true}
{{- end }}
{{- if .Values.keysSecret }}
            - {name: keys, mountPath: /home/till/.ssh, readOnly: true}
{{- end }}
{{- end }}

{{- define "till.volumes" }}
        - name: temporary
          emptyDir: {}
        - name: repository
{{- if .Values.repository.existingClaim }}
          persistentVolumeClaim: {claimName: {{ .Values.repository.existingClaim | printf "%q" }}}
{{- else }}
          emptyDir: {}
{{- if .Values.repository.sshSecret }}
        - name: clone
          secret: {secretName: {{ .Values.repository.sshSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- if .Values.state.caSecret }}
        - name: state-ca
          secret: {secretName: {{ .Values.state.caSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- if .Values.keysSecret }}
        - name: keys
          secret: {secretName: {{ .Values.keysSecret | printf "%q" }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "till.resources" }}
          resources:
            requests:
{{- range $what, $amount := .requests }}
              {{ $what }}: {{ $amount }}
{{- end }}
            limits:
{{- range $what, $amount := .limits }}
              {{ $what }}: {{ $amount }}
{{- end }}
{{- end }}
